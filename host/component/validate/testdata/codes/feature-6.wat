(component
  (import "a" (external-id "b") (func)))
