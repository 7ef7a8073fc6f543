(component
  (type (stream char)))
