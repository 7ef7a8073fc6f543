;; What calls cost: from outside (add, greet), from this component to another
;; (between, between-string), and to make memory dirty (dirty).
(component
  (component $Inner
    (core module $M
      (memory (export "memory") 1)
      (data (i32.const 1024) "hello, ")
      ;; One string at a time, behind what it is greeted with.
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1031))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "greet") (param $ptr i32) (param $len i32) (result i32)
        (i32.store (i32.const 16) (i32.const 1024))
        (i32.store (i32.const 20) (i32.add (local.get $len) (i32.const 7)))
        (i32.const 16)))
    (core instance $m (instantiate $M))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add")))
    (func (export "greet") (param "who" string) (result string)
      (canon lift (core func $m "greet") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (instance $inner (instantiate $Inner))
  (core module $Libc
    (memory (export "memory") 80)
    (data (i32.const 4096) "wattle")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $Libc))
  (core func $add (canon lower (func $inner "add")))
  (core func $greet (canon lower (func $inner "greet") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $M
    (import "" "memory" (memory 80))
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (import "" "greet" (func $greet (param i32 i32 i32)))
    (func (export "between") (param $n i32) (result i32)
      (local $sum i32)
      (loop $l
        (local.set $sum (call $add (local.get $n) (local.get $sum)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))
    (func (export "between-string") (param $n i32) (result i32)
      (loop $l
        (call $greet (i32.const 4096) (i32.const 6) (i32.const 32))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.load (i32.const 36)))
    ;; Writes to as many pages of four kilobytes.
    (func (export "dirty") (param $n i32) (result i32)
      (local $i i32)
      (if (local.get $n) (then
        (loop $l
          (i32.store8 (i32.shl (local.get $i) (i32.const 12)) (i32.const 1))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))))
      (local.get $i)))
  (core instance $m (instantiate $M (with "" (instance
    (export "memory" (memory $libc "memory")) (export "add" (func $add)) (export "greet" (func $greet))))))
  (export "add" (func $inner "add"))
  (export "greet" (func $inner "greet"))
  (func (export "between") (param "n" u32) (result u32) (canon lift (core func $m "between")))
  (func (export "between-string") (param "n" u32) (result u32) (canon lift (core func $m "between-string")))
  (func (export "dirty") (param "pages" u32) (result u32) (canon lift (core func $m "dirty"))))
