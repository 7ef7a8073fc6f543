(component
  (component $c (type $f (func)) (import "t" (type (eq $f)))) (type $t (func (param "x" u8))) (instance (instantiate $c (with "t" (type $t)))))
