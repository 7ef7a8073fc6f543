(component
  (import "[method]a" (func)))
