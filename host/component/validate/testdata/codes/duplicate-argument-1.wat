(component
  (component $c) (instance (instantiate $c (with "a" (component $c)) (with "a" (component $c)))))
