(component
  (import "f" (func $f)) (start $f))
