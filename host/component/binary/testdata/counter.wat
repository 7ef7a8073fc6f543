;; A component with a resource, an instance type, a nested component, and
;; functions that are lifted and lowered with options.
(component $counter
  (import "wattle:demo/log@0.1.0" (instance $log
    (type $level (enum "debug" "info" "error"))
    (export "level" (type $l (eq $level)))
    (export "write" (func (param "level" $l) (param "text" string)))))

  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (alias export $log "write" (func $write))
  (core func $write (canon lower (func $write) (memory (core memory $libc "memory")) string-encoding=utf8))

  (core module $dtor (func (export "dtor") (param i32)))
  (core instance $dtor (instantiate $dtor))
  (type $counter (resource (rep i32) (dtor (core func $dtor "dtor"))))
  (core func $new (canon resource.new $counter))
  (core func $drop (canon resource.drop $counter))
  (core func $rep (canon resource.rep $counter))

  (core module $main
    (import "log" "write" (func (param i32 i32 i32)))
    (import "counter" "new" (func (param i32) (result i32)))
    (import "counter" "drop" (func (param i32)))
    (import "counter" "rep" (func (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call 1 (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $main (instantiate $main
    (with "log" (instance (export "write" (func $write))))
    (with "counter" (instance
      (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))

  (func $make (param "start" u32) (result (own $counter)) (canon lift (core func $main "make")))
  (func $get (param "self" (borrow $counter)) (result u32) (canon lift (core func $main "get")))

  (component $api
    (import "counter" (type $c (sub resource)))
    (import "make" (func $make (param "start" u32) (result (own $c))))
    (import "get" (func $get (param "self" (borrow $c)) (result u32)))
    (export $C "counter" (type $c))
    (export "[constructor]counter" (func $make) (func (param "start" u32) (result (own $C))))
    (export "[method]counter.get" (func $get) (func (param "self" (borrow $C)) (result u32))))
  (instance $api (instantiate $api
    (with "counter" (type $counter)) (with "make" (func $make)) (with "get" (func $get))))
  (export "wattle:demo/counters@0.1.0" (instance $api)))
