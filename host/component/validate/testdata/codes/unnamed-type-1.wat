(component
  (type $r (record (field "x" u32))) (import "f" (func (param "r" $r))))
