(component
  (core func (canon context.set i64 0)))
