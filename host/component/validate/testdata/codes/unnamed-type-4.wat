(component
  (type (component (type $r (flags "x")) (export "f" (func (param "r" $r))))))
