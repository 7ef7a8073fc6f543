;; What is exported has names for the types it uses.
(component
  (core module $m (func (export "f") (param i32)))
  (core instance $i (instantiate $m))
  (type $rec (record (field "x" u32)))
  (type $res (resource (rep i32)))

  ;; Instances of exports name the types that they export.
  (instance $bag (export "rec" (type $rec)) (export "res" (type $res)))
  (export $out "bag" (instance $bag))
  (alias export $out "rec" (type $rec1))
  (alias export $out "res" (type $res1))
  (func $f1 (param "r" $rec1) (canon lift (core func $i "f")))
  (func $f2 (param "r" (own $res1)) (canon lift (core func $i "f")))
  (export "f1" (func $f1))
  (export "f2" (func $f2))

  ;; A name can be given by ascription.
  (type $kind (enum "a" "b"))
  (func $f3 (param "k" $kind) (canon lift (core func $i "f")))
  (export $kind1 "kind" (type $kind))
  (export "f3" (func $f3) (func (param "k" $kind1)))

  ;; Names go through the instantiation of another component.
  (component $wrap
    (type $kind (enum "a" "b"))
    (import "kind" (type $kind1 (eq $kind)))
    (type $list (list $kind1))
    (export "kinds" (type $list)))
  (instance $w (instantiate $wrap (with "kind" (type $kind1))))
  (export "kinds" (type $w "kinds"))

  ;; No name is needed inside of a component, nor by tuples and the like.
  (type $hidden (variant (case "a" u8)))
  (instance (export "hidden" (type $hidden)))
  (type $pair (tuple $rec1 (list (option $kind1))))
  (export "pair" (type $pair))
  (type (instance
    (type $rec (record (field "x" u32)))
    (export "f" (func (param "r" $rec)))))

  ;; A type may be exported that is the type of an instance.
  (type $it (instance
    (type $rec' (record (field "y" u8)))
    (export "rec" (type $rec (eq $rec')))
    (export "f" (func (param "r" $rec)))))
  (export "it" (type $it)))
