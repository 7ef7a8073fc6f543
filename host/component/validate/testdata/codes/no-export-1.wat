(component
  (import "i" (instance $i)) (alias export $i "f" (func)))
