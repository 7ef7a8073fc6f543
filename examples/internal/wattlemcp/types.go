package wattlemcp

// JSON is a JSON text.
type JSON = string

// Request is what is known of a call besides its arguments.
type Request struct {
	Callers            []string
	ProtocolVersion    string
	ClientCapabilities JSON
	Meta               JSON
	InputResponses     *JSON
	State              *string
	RemainingMillis    *uint64
}

// Binary is bytes of a media type.
type Binary struct {
	Data     []byte
	MimeType string
}

// Content is a block of content.
type Content struct {
	Text     *string
	Image    *Binary
	Audio    *Binary
	Resource *Contents
	Other    *JSON
}

func (Content) isVariant() {}

// Contents are those of a resource.
type Contents struct {
	URI      string
	MimeType *string
	Body     Body
	Meta     *JSON
}

// Body is a text, or bytes.
type Body struct {
	Text *string
	Blob *[]byte
}

func (Body) isVariant() {}

// InputRequired is what a server needs of the client.
type InputRequired struct {
	Requests []NamedRequest
	State    *string
}

// NamedRequest is a request to the client, with a name that the server has chosen.
type NamedRequest struct {
	Name    string
	Request JSON
}

// Error is an error of the protocol.
type Error struct {
	Code    int32
	Message string
	Data    *JSON
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// About is what the server is.
type About struct {
	Name         string
	Title        *string
	Version      string
	Website      *string
	Instructions *string
}

// Tool is the definition of a tool.
type Tool struct {
	Name         string
	Title        *string
	Description  *string
	InputSchema  JSON
	OutputSchema *JSON
	Annotations  *JSON
	Meta         *JSON
}

// ToolResult is what a tool returns.
type ToolResult struct {
	Content    []Content
	Structured *JSON
	IsError    bool
	Meta       *JSON
}

// ToolOutcome is a result, or what is needed for one.
type ToolOutcome struct {
	Complete      *ToolResult
	InputRequired *InputRequired
}

func (ToolOutcome) isVariant() {}

// Entry is the definition of a resource, or of a template of resources.
type Entry struct {
	URI         string
	Name        string
	Title       *string
	Description *string
	MimeType    *string
	Size        *uint64
	Annotations *JSON
	Meta        *JSON
}

// ReadOutcome is what a resource has, or what is needed to read it.
type ReadOutcome struct {
	Complete      *[]Contents
	InputRequired *InputRequired
}

func (ReadOutcome) isVariant() {}

// Prompt is the definition of a prompt.
type Prompt struct {
	Name        string
	Title       *string
	Description *string
	Arguments   []Argument
	Meta        *JSON
}

// Argument is an argument of a prompt.
type Argument struct {
	Name        string
	Title       *string
	Description *string
	Required    bool
}

// Roles of messages.
const (
	User uint8 = iota
	Assistant
)

// Message is a message of a prompt.
type Message struct {
	Role    uint8
	Content Content
}

// PromptResult is a prompt that was filled in.
type PromptResult struct {
	Description *string
	Messages    []Message
	Meta        *JSON
}

// PromptOutcome is a prompt, or what is needed to fill it in.
type PromptOutcome struct {
	Complete      *PromptResult
	InputRequired *InputRequired
}

func (PromptOutcome) isVariant() {}

// Pair is a name with its value.
type Pair struct{ Name, Value string }

// Reference is what an argument belongs to: the name of a prompt, or a URI template.
type Reference struct{ Prompt, Template *string }

func (Reference) isVariant() {}

// Completion are values that an argument may have.
type Completion struct {
	Values  []string
	Total   *uint32
	HasMore bool
}

// Tools is implemented by servers that have tools. An *Error is an error of the protocol; of any
// other error the model is told.
type Tools interface {
	ListTools() []Tool
	CallTool(r *Request, name string, arguments JSON) (ToolOutcome, error)
}

// Resources is implemented by servers that have resources.
type Resources interface {
	ListResources() []Entry
	ListTemplates() []Entry
	ReadResource(r *Request, uri string) (ReadOutcome, error)
}

// Prompts is implemented by servers that have prompts.
type Prompts interface {
	ListPrompts() []Prompt
	GetPrompt(r *Request, name string, arguments map[string]string) (PromptOutcome, error)
}

// Completions is implemented by servers that complete arguments.
type Completions interface {
	Complete(r *Request, of Reference, argument, value string, known map[string]string) (Completion, error)
}

// Server is what a program offers. What is nil is what its world does not export.
type Server struct {
	About       About
	Tools       Tools
	Resources   Resources
	Prompts     Prompts
	Completions Completions
}

// Text returns content that is a text.
func Text(s string) []Content { return []Content{{Text: &s}} }
