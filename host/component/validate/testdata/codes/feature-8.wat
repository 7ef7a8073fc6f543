(component
  (core func (canon subtask.cancel async)))
