;; Identity of resources, and what instantiation substitutes.
(component
  (component $same
    (import "a" (type $a (sub resource)))
    (import "b" (type (eq $a))))
  (component $id
    (import "in" (type $r (sub resource)))
    (import "f" (func $f (result (own $r))))
    (export $out "out" (type $r))
    (export "g" (func $f) (func (result (own $out)))))
  (component $make
    (core module $m (func (export "f") (result i32) unreachable))
    (core instance $i (instantiate $m))
    (type $r (resource (rep i32)))
    (core func (canon resource.new $r))
    (core func (canon resource.rep $r))
    (core func (canon resource.drop $r))
    (export $r' "r" (type $r))
    (export $r2 "r2" (type $r))
    (export "opaque" (type $r) (type (sub resource)))
    (func (export "f") (result (own $r')) (canon lift (core func $i "f")))
    (func (export "f2") (result (own $r2)) (canon lift (core func $i "f"))))
  (instance $made (instantiate $make))
  (instance $through (instantiate $id (with "in" (type $made "r")) (with "f" (func $made "f"))))
  (instance (instantiate $same (with "a" (type $made "r")) (with "b" (type $through "out"))))
  ;; Two exports of a resource are the same, unless one is made opaque.
  (instance (instantiate $same (with "a" (type $made "r")) (with "b" (type $made "r2"))))
  (instance (instantiate $id (with "in" (type $made "r2")) (with "f" (func $made "f"))))
  (instance (instantiate $id (with "in" (type $through "out")) (with "f" (func $through "g"))))

  ;; The same through instances.
  (component $take
    (import "i" (instance $i
      (export "r" (type $r (sub resource)))
      (export "f" (func (result (own $r))))))
    (alias export $i "r" (type $r))
    (export "r" (type $r))
    (export "i" (instance $i)))
  (instance $t (instantiate $take (with "i" (instance $made))))
  (instance (instantiate $same (with "a" (type $t "r")) (with "b" (type $made "r"))))
  (instance (instantiate $same (with "a" (type $t "i" "r")) (with "b" (type $made "r"))))

  ;; A resource that comes back stays our own.
  (type $own (resource (rep i32)))
  (component $back
    (import "x" (type $x (sub resource)))
    (export "y" (type $x)))
  (instance $b (instantiate $back (with "x" (type $own))))
  (alias export $b "y" (type $own2))
  (core func (canon resource.rep $own2)))
