(component
  (core type $f (func)) (import "m" (core module (type $f))))
