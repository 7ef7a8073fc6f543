(component
  (core type $f (func (param i32))) (core module $m (table (export "t") 1 externref)) (core instance $i (instantiate $m)) (core func (canon thread.new-indirect $f (core table $i "t"))))
