package wit

// Gate is the feature gate of an item; see WIT.md, "Feature Gates". The zero
// Gate is an item without one.
type Gate struct {
	// Since is the version that introduced the item: @since(version = …).
	Since string
	// Unstable is the feature the item belongs to: @unstable(feature = …).
	Unstable string
	// Deprecated is the version that deprecated it: @deprecated(version = …).
	Deprecated string
}
