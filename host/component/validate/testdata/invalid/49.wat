(component
  (core type $f (func)) (core module $m (table (export "t") 1 funcref)) (core instance $i (instantiate $m)) (core func (canon thread.new-indirect $f (core table $i "t"))))
