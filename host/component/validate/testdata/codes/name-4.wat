(component
  (import "[constructor]" (func)))
