(component
  (type (func async)))
