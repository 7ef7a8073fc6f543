;; A component whose core module leaves nothing on the stack where it has to leave
;; an i32. Everything but its code is right.
(component
  (core module $M
    (func (export "fine") (result i32) (i32.const 1))
    (func (export "answer") (result i32)))
  (core instance $m (instantiate $M))
  (func $answer (result u32) (canon lift (core func $m "answer")))
  (export "answer" (func $answer)))
