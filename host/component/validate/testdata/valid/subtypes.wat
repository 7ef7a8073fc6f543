;; Subtypes of instances, components and core modules.
(component
  (component $outer
    (import "more" (instance $more (export "a" (func)) (export "b" (func (param "x" u8)))))
    (component $less (import "i" (instance (export "b" (func (param "x" u8))))))
    (instance (instantiate $less (with "i" (instance $more)) (with "unused" (instance $more))))

    ;; A component may import less and export more than is asked for.
    (component $impl
      (import "r" (type $r (sub resource)))
      (import "f" (func $f (param "r" (borrow $r))))
      (type $own (resource (rep i32)))
      (export "own" (type $own))
      (export "r" (type $r))
      (export "more" (func $f)))
    (component $wants
      (import "c" (component
        (import "extra" (func))
        (import "r" (type $r (sub resource)))
        (import "f" (func (param "r" (borrow $r))))
        (export "r" (type (eq $r)))
        (export "own" (type (sub resource))))))
    (instance (instantiate $wants (with "c" (component $impl))))

    ;; A component that takes components.
    (component $higher
      (import "make" (component $make
        (export "t" (type $t (sub resource)))
        (export "f" (func (result (own $t))))))
      (instance $a (instantiate $make))
      (instance $b (instantiate $make))
      (component $pair (import "t" (type $t (sub resource))) (import "f" (func (result (own $t)))))
      (instance (instantiate $pair (with "t" (type $a "t")) (with "f" (func $a "f"))))
      (instance (instantiate $pair (with "t" (type $b "t")) (with "f" (func $b "f")))))
    (component $maker
      (core module $m (func (export "f") (result i32) unreachable))
      (core instance $i (instantiate $m))
      (type $t (resource (rep i32)))
      (export $t' "t" (type $t))
      (func (export "f") (result (own $t')) (canon lift (core func $i "f"))))
    (instance (instantiate $higher (with "make" (component $maker))))

    (core module $m
      (import "" "t" (table 1 funcref))
      (memory (export "m") 2 3)
      (global (export "g") (mut i32) (i32.const 0)))
    (component $wants-module
      (core type $f (func (param i32)))
      (import "m" (core module
        (alias outer $wants-module $f (type $f))
        (import "" "t" (table 2 10 funcref))
        (import "" "f" (func (type $f)))
        (export "m" (memory 1 4)))))
    (instance (instantiate $wants-module (with "m" (core module $m)))))

  ;; An ascription may forget.
  (instance $i (export "c" (component $outer)))
  (export "i" (instance $i) (instance)))
