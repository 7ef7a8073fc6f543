(component
  (type $r (resource (rep i32))) (component $e) (export "c" (component $e) (component (import "r" (type (eq $r))))))
