;; Names that are strongly-unique, and attributes.
(component
  (import "foo" (type $foo (sub resource)))
  (import "[constructor]foo" (func (param "n" u8) (result (own $foo))))
  (import "[method]foo.bar" (func (param "self" (borrow $foo)) (param "n" u8)))
  (import "[static]foo.baz" (func (result string)))
  (import "bar-BAR-2" (func))
  (import "foo:bar/baz" (instance))
  (import "foo:bar/baz@1.0.0" (instance))
  (import "foo:bar/baz@1.0.0-rc.1+build.5" (instance))
  (import "primary" (implements "a:b/c@0.2.0") (external-id "any text: ☃") (instance))
  (import "secondary" (implements "a:b/c@0.2.0") (instance))
  ;; Imports and exports have names of their own.
  (export $out "foo" (type $foo))
  (import "tail" (type $tail (sub resource)))
  (import "[constructor]tail" (func (result (result (own $tail) (error string)))))
  (type (instance
    (export "res" (type $r (sub resource)))
    (export "[method]res.get" (func (param "self" (borrow $r)) (result u8)))
    (export "[static]res.res-2" (func)))))
