(component
  (type (instance (export "a:b/c" (func)) (export "a:b/C" (func)))))
