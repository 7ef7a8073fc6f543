;; Wants a resource over a link.
(component
  (import "test:link/target@1.2.0" (instance
    (export "thing" (type $t (sub resource)))
    (export "get" (func (result (own $t))))))
)
