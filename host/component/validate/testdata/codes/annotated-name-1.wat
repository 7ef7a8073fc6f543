(component
  (import "[method]a.b" (instance)))
