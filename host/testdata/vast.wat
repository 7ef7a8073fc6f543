;; A guest that starts with more memory than any is given, and data at its end.
(component
  (core module $m
    (memory 32768)
    (data (i32.const 2147483640) "the end")
    (func (export "quick") (result i32) (i32.const 7)))
  (core instance $m (instantiate $m))
  (func (export "quick") (result u32) (canon lift (core func $m "quick"))))
