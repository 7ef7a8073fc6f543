(component
  (type $t u8) (import "f" (func (type $t))))
