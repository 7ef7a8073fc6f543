(component
  (instance $i) (instance (export "" (instance $i))))
