(component
  (export "a" (core module 0)))
