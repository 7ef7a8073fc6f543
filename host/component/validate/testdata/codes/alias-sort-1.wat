(component
  (component $c) (type (component (alias outer 1 0 (component)))))
