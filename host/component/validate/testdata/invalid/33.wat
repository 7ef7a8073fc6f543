(component
  (core type (module (type (func (result i32))) (import "a" "b" (tag (type 0))))))
