(component
  (import "aBc" (func)))
