(component
  (type $r (resource (rep i32))) (type $c (component (export "r" (type (eq $r))))) (import "c" (component (type $c))))
