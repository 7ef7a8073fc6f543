(component
  (type $t u8) (type (own $t)))
