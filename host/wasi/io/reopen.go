package io

// OnReopen makes the stream one that every instance has, such as the standard
// input: f returns that of the instance with the given state, or nil.
func (s *InputStream) OnReopen(f func(state any) *InputStream) { s.reopen = f }

// Reopen implements component.Reopener.
func (s *InputStream) Reopen(state any) (any, bool) {
	if s.reopen == nil {
		return nil, false
	}
	other := s.reopen(state)
	return other, other != nil
}

// OnReopen makes the stream one that every instance has, see
// [InputStream.OnReopen].
func (s *OutputStream) OnReopen(f func(state any) *OutputStream) { s.reopen = f }

// Reopen implements component.Reopener.
func (s *OutputStream) Reopen(state any) (any, bool) {
	if s.reopen == nil {
		return nil, false
	}
	other := s.reopen(state)
	return other, other != nil
}
