(component
  (core func (canon task.return (result string))))
