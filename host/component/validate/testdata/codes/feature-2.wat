(component
  (type (stream)))
