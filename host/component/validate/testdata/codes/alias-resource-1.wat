(component
  (type (resource (rep i32))) (component (alias outer 1 0 (type))))
