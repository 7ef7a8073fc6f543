package wit

// Kind says which of the Component Model's value types a Type is. The zero Kind
// is no type.
type Kind uint8

// The kinds of value type, in the order of the Component Model explainer, "Type
// Definitions".
const (
	Bool Kind = iota + 1
	S8
	U8
	S16
	U16
	S32
	U32
	S64
	U64
	F32
	F64
	Char
	String
	ErrorContext
	List
	FixedList
	Record
	Tuple
	Variant
	Enum
	Option
	Result
	Flags
	Own
	Borrow
	Map
	Stream
	Future
)

var kindNames = [...]string{
	Bool:         "bool",
	S8:           "s8",
	U8:           "u8",
	S16:          "s16",
	U16:          "u16",
	S32:          "s32",
	U32:          "u32",
	S64:          "s64",
	U64:          "u64",
	F32:          "f32",
	F64:          "f64",
	Char:         "char",
	String:       "string",
	ErrorContext: "error-context",
	List:         "list",
	FixedList:    "list",
	Record:       "record",
	Tuple:        "tuple",
	Variant:      "variant",
	Enum:         "enum",
	Option:       "option",
	Result:       "result",
	Flags:        "flags",
	Own:          "own",
	Borrow:       "borrow",
	Map:          "map",
	Stream:       "stream",
	Future:       "future",
}

// String returns the keyword of the kind, such as "u8" or "record".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "invalid"
}

// Primitive reports whether a type of this kind is its kind and nothing more:
// the numbers, bool, char, string and error-context.
func (k Kind) Primitive() bool { return k >= Bool && k <= ErrorContext }
