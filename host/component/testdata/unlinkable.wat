;; Imports of which some can be served, some not, and some not quite.
(component
  (import "test:host/none@1.0.0" (instance $none
    (export "r" (type $r (sub resource)))
    (export "f" (func (param "x" (borrow $r))))))
  (alias export $none "r" (type $r))
  (import "test:host/things@1.0.0" (instance $things
    (export "thing" (type $thing (sub resource)))
    (export "gone" (type $gone (sub resource)))
    (export "also-gone" (func (param "x" (borrow $gone)) (param "y" (own $thing))))
    (export "add" (func (param "a" u64) (param "b" u32) (result u32)))
    (export "greet" (func (param "who" string) (result string)))))
  (import "test:host/things@2.0.0" (instance (export "f" (func))))
  (import "plain" (func (param "x" u8)))
  (import "test:more/uses@0.1.0" (instance
    (alias outer 1 $r (type $r))
    (export "f" (func (param "x" (borrow $r)))))))
