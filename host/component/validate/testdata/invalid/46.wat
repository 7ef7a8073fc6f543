(component
  (core module $m (memory (export "m") 1)) (core instance $i (instantiate $m)) (type $s (stream string)) (core func (canon stream.read $s async (memory (core memory $i "m")))))
