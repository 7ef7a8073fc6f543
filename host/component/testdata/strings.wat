;; Two components: the outer calls the inner n times with a string of 16 bytes and
;; gets a string back.
(component
  (component $Inner
    (core module $M
      (memory (export "mem") 1)
      ;; there is one string at a time
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "echo") (param $p i32) (param $n i32) (result i32)
        (i32.store (i32.const 16) (local.get $p))
        (i32.store (i32.const 20) (local.get $n))
        (i32.const 16)))
    (core instance $m (instantiate $M))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $m "echo") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))
  (instance $inner (instantiate $Inner))
  (core module $Mem
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $mem (instantiate $Mem))
  (core func $echo (canon lower (func $inner "echo") (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
  (core module $M
    (import "" "mem" (memory 1))
    (import "" "echo" (func $echo (param i32 i32 i32)))
    (data (i32.const 64) "sixteen letters.")
    (func (export "sum") (param $n i32) (result i64)
      (local $sum i64)
      (loop $l
        (if (local.get $n) (then
          (call $echo (i32.const 64) (i32.const 16) (i32.const 0))
          (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (i32.load (i32.const 4)))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $l))))
      (local.get $sum)))
  (core instance $m (instantiate $M (with "" (instance (export "echo" (func $echo)) (export "mem" (memory $mem "mem"))))))
  (func (export "sum") (param "n" u32) (result u64) (canon lift (core func $m "sum"))))
