;; A guest that calls itself through its own export from the bottom of a deep
;; stack, so that it holds many of them.
(component
  (core module $Table
    (table (export "t") 1 1 funcref)
    (type $v (func))
    (func (export "again") (call_indirect (type $v) (i32.const 0))))
  (core instance $table (instantiate $Table))
  (func $again (canon lift (core func $table "again")))
  (core func $lower (canon lower (func $again)))
  (core module $M
    (import "h" "again" (func $again))
    (import "h" "t" (table 1 funcref))
    (elem (i32.const 0) $deeper)
    (func $deeper (drop (call $deep (i32.const 20000))))
    (func $deep (param i32) (result i64)
      (local i64 i64 i64 i64)
      (if (i32.eqz (local.get 0)) (then (call $again) (return (i64.const 0))))
      (local.set 1 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 3)))
      (local.set 2 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 5)))
      (local.set 3 (call $deep (i32.sub (local.get 0) (i32.const 1))))
      (i64.add (i64.xor (local.get 1) (local.get 2)) (local.get 3)))
    (func (export "run") (call $deeper)))
  (core instance $m (instantiate $M (with "h" (instance
    (export "again" (func $lower)) (export "t" (table $table "t"))))))
  (func (export "run") (canon lift (core func $m "run"))))
