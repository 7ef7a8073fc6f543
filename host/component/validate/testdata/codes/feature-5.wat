(component
  (type error-context))
