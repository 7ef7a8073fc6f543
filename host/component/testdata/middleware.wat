;; Imports and exports the same interface, of which it exports more.
(component
  (import "a:b/types@1.0.0" (instance $t
    (export "r" (type $r (sub resource)))
    (export "[method]r.x" (func (param "self" (borrow $r)) (result u32)))
  ))
  (component $c
    (type $r' (resource (rep i32)))
    (export $r "r" (type $r'))
    (core module $m (func (export "f") (param i32) (result i32) i32.const 0))
    (core instance $i (instantiate $m))
    (func (export "[method]r.x") (param "self" (borrow $r)) (result u32) (canon lift (core func $i "f")))
    (func (export "[method]r.y") (param "self" (borrow $r)) (result u32) (canon lift (core func $i "f")))
  )
  (instance $e (instantiate $c))
  (export "a:b/types@1.0.0" (instance $e))
)
