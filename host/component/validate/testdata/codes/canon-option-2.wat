(component
  (import "f" (func $f)) (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (core func (canon lower (func $f) (realloc (core func $i "f")))))
