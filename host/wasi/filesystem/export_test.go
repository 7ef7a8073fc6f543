package filesystem

// NewTypes returns the implementation of the freestanding functions.
func NewTypes() Types { return types{} }
