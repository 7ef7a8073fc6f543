;; A component that uses the asynchronous part of the Canonical ABI, and maps.
(component $async
  (type $bytes (stream u8))
  (type $done (future))
  (type $headers (map string (list u8)))
  (import "fetch" (func $fetch async (param "headers" $headers) (result (result $bytes (error string)))))

  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (core func $fetch (canon lower (func $fetch) async (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $return (canon task.return (result u32)))
  (core func $read (canon stream.read $bytes async (memory (core memory $libc "memory"))))
  (core func $drop (canon stream.drop-readable $bytes))
  (core func $new (canon future.new $done))
  (core func $set (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $ctx (canon context.get i32 0))

  (core module $main
    (import "" "fetch" (func (param i32 i32 i32) (result i32)))
    (import "" "return" (func (param i32)))
    (import "" "read" (func (param i32 i32 i32) (result i32)))
    (import "" "drop" (func (param i32)))
    (import "" "new" (func (result i64)))
    (import "" "set" (func (result i32)))
    (import "" "join" (func (param i32 i32)))
    (import "" "ctx" (func (result i32)))
    (func (export "run") (result i32) (i32.const 0))
    (func (export "run-callback") (param i32 i32 i32) (result i32) (i32.const 0)))
  (core instance $main (instantiate $main (with "" (instance
    (export "fetch" (func $fetch)) (export "return" (func $return)) (export "read" (func $read))
    (export "drop" (func $drop)) (export "new" (func $new)) (export "set" (func $set))
    (export "join" (func $join)) (export "ctx" (func $ctx))))))
  (func (export "run") async (result u32)
    (canon lift (core func $main "run") async (callback (core func $main "run-callback")))))
