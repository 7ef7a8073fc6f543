(component
  (core type (module (export "a" (func)) (export "a" (func)))))
