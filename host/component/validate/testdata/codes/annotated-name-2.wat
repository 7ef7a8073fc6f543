(component
  (import "[static]a.b" (func)))
