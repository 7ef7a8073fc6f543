;; Says of everybody that they are ill.
(component
  (core module $m (func (export "well") (result i32) (i32.const 0)))
  (core instance $m (instantiate $m))
  (func $well (result bool) (canon lift (core func $m "well")))
  (instance $e (export "well" (func $well)))
  (export "test:health/doctor@1.0.0" (instance $e))
)
