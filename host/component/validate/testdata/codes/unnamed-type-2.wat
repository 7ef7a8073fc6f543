(component
  (type $r (enum "x")) (type $l (list $r)) (export "l" (type $l)))
