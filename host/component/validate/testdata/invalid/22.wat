(component
  (component $c (type $r (record (field "x" u8))) (export "r" (type $r))) (instance $i (instantiate $c)) (alias export $i "r" (type $r)) (type $l (list $r)) (export "l" (type $l)))
