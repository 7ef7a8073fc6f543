;; A guest that turns the ways back into itself against the host.
(component
  (core module $Table
    (table (export "t") 2 2 funcref)
    (type $v (func))
    (func (export "again") (call_indirect (type $v) (i32.const 0)))
    (type $i (func (param i32)))
    (func (export "dtor") (param i32) (call_indirect (type $i) (local.get 0) (i32.const 1))))
  (core instance $table (instantiate $Table))
  (type $r (resource (rep i32) (dtor (core func $table "dtor"))))
  (core func $new (canon resource.new $r))
  (core func $drop (canon resource.drop $r))
  (func $again (canon lift (core func $table "again")))
  (core func $lower (canon lower (func $again)))
  (core module $M
    (import "h" "again" (func $again))
    (import "h" "new" (func $new (param i32) (result i32)))
    (import "h" "drop" (func $drop (param i32)))
    (import "h" "t" (table 2 funcref))
    (elem (i32.const 0) $again $dtor)
    ;; a destructor that destroys another one
    (func $dtor (param i32) (call $drop (call $new (i32.const 0))))
    (func (export "destroy") (call $dtor (i32.const 0)))
    ;; n levels with a frame of some hundred bytes each
    (func $deep (param i32) (result i64)
      (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
      (local.set 1 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 3)))
      (local.set 2 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 4)))
      (local.set 3 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 5)))
      (local.set 4 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 6)))
      (local.set 5 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 7)))
      (local.set 6 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 8)))
      (local.set 7 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 9)))
      (local.set 8 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 10)))
      (local.set 9 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 11)))
      (local.set 10 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 12)))
      (local.set 11 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 13)))
      (local.set 12 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 14)))
      (local.set 13 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 15)))
      (local.set 14 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 16)))
      (local.set 15 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 17)))
      (local.set 16 (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 18)))
      (call $deep (i32.sub (local.get 0) (i32.const 1)))
      (local.get 1) i64.xor
      (local.get 2) i64.xor
      (local.get 3) i64.xor
      (local.get 4) i64.xor
      (local.get 5) i64.xor
      (local.get 6) i64.xor
      (local.get 7) i64.xor
      (local.get 8) i64.xor
      (local.get 9) i64.xor
      (local.get 10) i64.xor
      (local.get 11) i64.xor
      (local.get 12) i64.xor
      (local.get 13) i64.xor
      (local.get 14) i64.xor
      (local.get 15) i64.xor
      (local.get 16) i64.xor
      )
    (export "deep0" (func $deep))
    (export "deep1" (func $deep))
    (export "deep2" (func $deep))
    (export "deep3" (func $deep))
    (export "deep4" (func $deep))
    (export "deep5" (func $deep))
    (export "deep6" (func $deep))
    (export "deep7" (func $deep))
    (export "deep8" (func $deep))
    (export "deep9" (func $deep))
    (export "deep10" (func $deep))
    (export "deep11" (func $deep)))
  (core instance $m (instantiate $M (with "h" (instance
    (export "again" (func $lower)) (export "new" (func $new)) (export "drop" (func $drop))
    (export "t" (table $table "t"))))))
  (func (export "again") (canon lift (core func $table "again")))
  (func (export "destroy") (canon lift (core func $m "destroy")))
  (func (export "deep0") (param "n" u32) (result u64) (canon lift (core func $m "deep0")))
  (func (export "deep1") (param "n" u32) (result u64) (canon lift (core func $m "deep1")))
  (func (export "deep2") (param "n" u32) (result u64) (canon lift (core func $m "deep2")))
  (func (export "deep3") (param "n" u32) (result u64) (canon lift (core func $m "deep3")))
  (func (export "deep4") (param "n" u32) (result u64) (canon lift (core func $m "deep4")))
  (func (export "deep5") (param "n" u32) (result u64) (canon lift (core func $m "deep5")))
  (func (export "deep6") (param "n" u32) (result u64) (canon lift (core func $m "deep6")))
  (func (export "deep7") (param "n" u32) (result u64) (canon lift (core func $m "deep7")))
  (func (export "deep8") (param "n" u32) (result u64) (canon lift (core func $m "deep8")))
  (func (export "deep9") (param "n" u32) (result u64) (canon lift (core func $m "deep9")))
  (func (export "deep10") (param "n" u32) (result u64) (canon lift (core func $m "deep10")))
  (func (export "deep11") (param "n" u32) (result u64) (canon lift (core func $m "deep11"))))
