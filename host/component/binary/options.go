package binary

// The limits that hold where [Options] sets none. For scale: a JavaScript engine
// with all of WASI 0.2 has 13 MB, about 1,500 items, and a depth of 2. The most
// that Decode allocates within these limits, besides names, is some 160 MB, most
// of it left behind by growing slices.
const (
	DefaultMaxSize      = 256 << 20
	DefaultMaxDepth     = 100
	DefaultMaxTypeDepth = 100
	DefaultMaxItems     = 1 << 18
	DefaultMaxName      = 100_000
)

// maxPrealloc is the number of elements of a vector that are allocated before
// they are read. A count is only a claim.
const maxPrealloc = 32

// Options are the limits of decoding. In each field zero means the default.
type Options struct {
	// MaxSize is the size of the file in bytes.
	MaxSize int
	// MaxDepth is the number of components around and including the innermost.
	MaxDepth int
	// MaxTypeDepth is the number of component and instance types around and
	// including the innermost, counted in each component anew.
	MaxTypeDepth int
	// MaxItems is the number of things in the file altogether: definitions,
	// custom sections, declarators, fields, labels, arguments, options.
	MaxItems int
	// MaxName is the length of a name in bytes.
	MaxName int
}

// withDefaults returns a copy in which no field is zero.
func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	setDefault(&out.MaxSize, DefaultMaxSize)
	setDefault(&out.MaxDepth, DefaultMaxDepth)
	setDefault(&out.MaxTypeDepth, DefaultMaxTypeDepth)
	setDefault(&out.MaxItems, DefaultMaxItems)
	setDefault(&out.MaxName, DefaultMaxName)
	return out
}

func setDefault(field *int, value int) {
	if *field == 0 {
		*field = value
	}
}
