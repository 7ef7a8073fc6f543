(component
  (import "a:b" (func)))
