;; Is as well as what it is linked to says it is.
(component
  (import "test:health/doctor@1.0.0" (instance $doctor
    (export "well" (func (result bool)))
  ))
  (core func $ask (canon lower (func $doctor "well")))
  (core module $m
    (import "" "ask" (func $ask (result i32)))
    (func (export "well") (result i32) (call $ask))
    (func (export "work") (result i32) (i32.const 42))
  )
  (core instance $m (instantiate $m (with "" (instance (export "ask" (func $ask))))))
  (func $well (result bool) (canon lift (core func $m "well")))
  (func $work (result u32) (canon lift (core func $m "work")))
  (instance $e (export "well" (func $well)) (export "work" (func $work)))
  (export "test:health/patient@1.0.0" (instance $e))
)
