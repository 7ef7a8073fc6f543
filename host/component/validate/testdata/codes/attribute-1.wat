(component
  (import "a" (implements "b") (instance)))
