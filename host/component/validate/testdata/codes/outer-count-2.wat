(component
  (type (component (alias outer 2 0 (core type)))))
