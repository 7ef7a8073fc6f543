package spectest

// Script is a test script of the Component Model in binary form: what is text
// in a .wast file has been assembled, the rest is here.
type Script struct {
	// Source is the name of the .wast file in its suite.
	Source   string    `json:"source"`
	Commands []Command `json:"commands"`
}

// Kind says what a command does.
type Kind string

// The kinds of command.
const (
	// KindComponent instantiates the component of File. It is the current
	// instance from there on, and has a Name if one is given.
	KindComponent Kind = "component"
	// KindDefinition keeps the component of File under Name.
	KindDefinition Kind = "definition"
	// KindInstance instantiates the component kept as Of, or the last one kept.
	KindInstance Kind = "instance"
	// KindRegister lets components import the instance Name under the name As.
	KindRegister Kind = "register"
	// KindInvoke calls a function, whatever it returns.
	KindInvoke Kind = "invoke"
	// KindReturn is assert_return: the call returns Want.
	KindReturn Kind = "assert_return"
	// KindTrap is assert_trap: the call, or the instantiation of the component
	// of File, traps.
	KindTrap Kind = "assert_trap"
	// KindInvalid is assert_invalid: the component of File is refused.
	KindInvalid Kind = "assert_invalid"
	// KindMalformed is assert_malformed: the component of File is refused.
	KindMalformed Kind = "assert_malformed"
	// KindUnlinkable is assert_unlinkable: the component of File is refused for
	// its imports.
	KindUnlinkable Kind = "assert_unlinkable"
)

// Command is a command of a script.
type Command struct {
	Kind Kind `json:"kind"`
	Line int  `json:"line"`
	// Name, Of, As: see Kind.
	Name string `json:"name,omitempty"`
	Of   string `json:"of,omitempty"`
	As   string `json:"as,omitempty"`
	// File is a component, by the name of a file beside the script.
	File   string  `json:"file,omitempty"`
	Call   *Call   `json:"call,omitempty"`
	Want   []Value `json:"want,omitempty"`
	Reason string  `json:"reason,omitempty"`
	// Fault says why the command could not be brought into this form.
	Fault string `json:"fault,omitempty"`
}

// Call is a call of an exported function.
type Call struct {
	// Instance is the name of the instance, empty for the current one.
	Instance string  `json:"instance,omitempty"`
	Func     string  `json:"func"`
	Args     []Value `json:"args,omitempty"`
}

// Value is a value in the notation of the text format: (u32.const 1) has the
// type "u32" and the text "1".
type Value struct {
	Type string `json:"type"`
	// Text is the literal of a number, bool, char or str, and the label of an
	// enum, variant or the case of an option or result.
	Text string `json:"text,omitempty"`
	// Name is the name of this value as a record field.
	Name string `json:"name,omitempty"`
	// Labels are the flags that are set.
	Labels []string `json:"labels,omitempty"`
	// Items are the members of an aggregate, or the payload of a case.
	Items []Value `json:"items,omitempty"`
}
