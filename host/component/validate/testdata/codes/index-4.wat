(component
  (alias outer 0 0 (core type)))
