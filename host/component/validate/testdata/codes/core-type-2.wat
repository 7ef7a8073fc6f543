(component
  (core type (module (import "a" "b" (table 2 1 funcref)))))
