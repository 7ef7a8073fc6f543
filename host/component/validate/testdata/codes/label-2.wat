(component
  (type (enum "1")))
