(component
  (core type (module (type (func)) (alias outer 0 1 (type)) (export "f" (func (type 1))))))
