(component
  (type (variant)))
