(component
  (import "a" (type (sub resource))) (import "[constructor]a" (func (result u32))))
