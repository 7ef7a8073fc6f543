(component
  (core instance (export "a" (memory 0))))
