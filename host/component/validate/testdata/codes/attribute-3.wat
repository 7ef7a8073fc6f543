(component
  (import "a:b/c" (implements "a:b/c") (instance)))
