(component
  (core type (module (export "m" (memory i64 281474976710657)))))
