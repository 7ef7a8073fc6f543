;; A guest whose start function calls the host and then never ends.
(component
  (import "test:host/things@1.0.0" (instance $things (export "end" (func (param "how" u32)))))
  (core func $end (canon lower (func $things "end")))
  (core module $M
    (import "" "end" (func $end (param i32)))
    (func $start (call $end (i32.const 3)) (loop $l (br $l)))
    (start $start))
  (core instance (instantiate $M (with "" (instance (export "end" (func $end)))))))
