(component
  (import "a" (func)) (import "A" (func)))
