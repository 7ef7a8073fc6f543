(component
  (core type (module (import "a" "b" (memory 65537)))))
