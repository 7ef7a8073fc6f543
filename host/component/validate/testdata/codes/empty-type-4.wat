(component
  (type (tuple)))
