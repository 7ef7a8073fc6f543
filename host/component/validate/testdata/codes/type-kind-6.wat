(component
  (type $f (future)) (core func (canon stream.new $f)))
