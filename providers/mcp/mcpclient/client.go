// Package mcpclient is a client of the Model Context Protocol, for the commands that use a
// gateway as agents do. It is made of the official SDK, none of whose types it shows.
//
// What it reads is bounded: a response has at most [MaxResponse] bytes, however it comes.
package mcpclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/wattle-dev/wattle/lattice"
)

// MaxResponse bounds a response, in bytes.
const MaxResponse = 64 << 20

// legacyVersion is the newest revision that has sessions.
const legacyVersion = "2025-11-25"

// connectTime bounds how long the parts of a connection take to come about.
const connectTime = 10 * time.Second

// Options say where a gateway is, and what the client can do.
type Options struct {
	// URL is that of all servers, or of one, and Token what is shown there.
	URL, Token string
	// Version is that of the program.
	Version string
	// Legacy has the client speak a revision that has sessions, and no newer one.
	Legacy bool
	// Progress is told how far a call is: total is zero if that is not known. It may be nil.
	Progress func(message string, progress, total float64)
	// Log is told what a server logs. It may be nil.
	Log func(level, text string)
	// Ask has the user answer what a server asks for. If nil, servers are told that there
	// is nobody to ask.
	Ask func(ctx context.Context, q *Question) (*Answer, error)
}

// Question is what a server asks the user for.
type Question struct {
	Message string
	// URL is where the user answers, in a browser. It is empty if the answer is a form.
	URL string
	// Schema is the JSON Schema of the form.
	Schema json.RawMessage
}

// Answer is what the user says to a Question.
type Answer struct {
	// Action is "accept", "decline" or "cancel".
	Action string
	// Content has the fields of the form, if it is accepted.
	Content map[string]any
}

// Client is a connection to a gateway.
type Client struct {
	session *mcp.ClientSession
	at      *Options
}

// Connect finds out what is at an URL. The error says what is the matter if it is no
// gateway, or does not take the token.
func Connect(ctx context.Context, o *Options) (*Client, error) {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("there is no HTTP client")
	}
	transport = transport.Clone()
	transport.TLSHandshakeTimeout = connectTime
	guard := &guard{next: transport, token: o.Token}
	c := mcp.NewClient(&mcp.Implementation{Name: "wattle", Version: o.Version}, o.options())
	session, err := c.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: o.URL, HTTPClient: &http.Client{Transport: guard, CheckRedirect: noRedirect}, MaxRetries: -1, DisableStandaloneSSE: true, MaxEventSize: MaxResponse,
	}, o.session())
	if err != nil {
		return nil, guard.explain(o.URL, err)
	}
	return &Client{session: session, at: o}, nil
}

// noRedirect keeps a token from going elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (o *Options) session() *mcp.ClientSessionOptions {
	if o.Legacy {
		return &mcp.ClientSessionOptions{ProtocolVersion: legacyVersion}
	}
	return nil
}

func (o *Options) options() *mcp.ClientOptions {
	c := &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}}
	if o.Progress != nil {
		c.ProgressNotificationHandler = func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			o.Progress(r.Params.Message, r.Params.Progress, r.Params.Total)
		}
	}
	if o.Log != nil {
		c.LoggingMessageHandler = func(_ context.Context, r *mcp.LoggingMessageRequest) { //nolint:staticcheck // servers log as long as it is in any revision
			text, ok := r.Params.Data.(string)
			if !ok {
				if raw, err := json.Marshal(r.Params.Data); err == nil {
					text = string(raw)
				}
			}
			o.Log(string(r.Params.Level), text)
		}
	}
	if o.Ask != nil {
		c.Capabilities.Elicitation = &mcp.ElicitationCapabilities{Form: &mcp.FormElicitationCapabilities{}, URL: &mcp.URLElicitationCapabilities{}}
		c.ElicitationHandler = func(ctx context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			q := &Question{Message: r.Params.Message, URL: r.Params.URL}
			var err error
			if q.Schema, err = json.Marshal(r.Params.RequestedSchema); err != nil {
				return nil, err
			}
			a, err := o.Ask(ctx, q)
			if err != nil {
				return nil, err
			}
			return &mcp.ElicitResult{Action: a.Action, Content: a.Content}, nil
		}
	}
	return c
}

// Close ends the connection.
func (c *Client) Close() error { return c.session.Close() }

// Server is what a gateway, or a server behind it, says of itself.
type Server struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Protocol     string `json:"protocol"`
	Instructions string `json:"instructions,omitempty"`
}

// Server returns who answers.
func (c *Client) Server() Server {
	r := c.session.InitializeResult()
	s := Server{Protocol: r.ProtocolVersion, Instructions: r.Instructions}
	if r.ServerInfo != nil {
		s.Name, s.Version = r.ServerInfo.Name, r.ServerInfo.Version
	}
	return s
}

// Tool is a tool as clients see it.
type Tool struct {
	Name, Title, Description string
	// Definition is the whole of it, and Input the JSON Schema of its arguments.
	Definition, Input json.RawMessage
}

// Tools returns all tools, in the order in which they are listed.
func (c *Client) Tools(ctx context.Context) ([]Tool, error) {
	if r := c.session.InitializeResult(); r.Capabilities == nil || r.Capabilities.Tools == nil {
		return nil, nil
	}
	var all []Tool
	for t, err := range c.session.Tools(ctx, nil) {
		if err != nil {
			return nil, c.failed(err)
		}
		definition, err := json.Marshal(t)
		if err != nil {
			return nil, err
		}
		input, err := json.Marshal(t.InputSchema)
		if err != nil {
			return nil, err
		}
		tool := Tool{Name: t.Name, Title: t.Title, Description: t.Description, Definition: definition, Input: input}
		if tool.Title == "" && t.Annotations != nil {
			tool.Title = t.Annotations.Title
		}
		all = append(all, tool)
	}
	return all, nil
}

// Result is what a call has come to.
type Result struct {
	// Failed says that the tool did not do what it was asked to. Content says why.
	Failed  bool
	Content []Content
	// Structured is the JSON value that the tool returned besides, nil if none.
	Structured json.RawMessage
	// JSON is the whole result.
	JSON json.RawMessage
}

// Content is a part of a result.
type Content struct {
	// Type is that of MCP: "text", "image" and others.
	Type string `json:"type"`
	Text string `json:"text"`
	// Data is that of images and sounds, in base64, and MIMEType what it is.
	Data     string `json:"data"`
	MIMEType string `json:"mimeType"`
	// URI and Name are those of a link to a resource, Resource is one that is embedded.
	URI      string `json:"uri"`
	Name     string `json:"name"`
	Resource *struct {
		URI      string `json:"uri"`
		MIMEType string `json:"mimeType"`
		Text     string `json:"text"`
		Blob     string `json:"blob"`
	} `json:"resource"`
}

// Call calls a tool with arguments, which are a JSON object.
func (c *Client) Call(ctx context.Context, name string, arguments json.RawMessage) (*Result, error) {
	params := &mcp.CallToolParams{Name: name, Arguments: arguments}
	if c.at.Progress != nil {
		params.Meta = mcp.Meta{"progressToken": "wattle"}
	}
	r, err := c.session.CallTool(ctx, params)
	if err != nil {
		return nil, c.failed(err)
	}
	out := &Result{Failed: r.IsError}
	if out.JSON, err = json.Marshal(r); err != nil {
		return nil, err
	}
	var parts struct {
		Content    []Content       `json:"content"`
		Structured json.RawMessage `json:"structuredContent"`
	}
	if err := json.Unmarshal(out.JSON, &parts); err != nil {
		return nil, err
	}
	out.Content, out.Structured = parts.Content, parts.Structured
	return out, nil
}

// Error is an error that a gateway or a server has answered with.
type Error struct {
	// Code is that of JSON-RPC.
	Code    int64
	Message string
	Data    json.RawMessage
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the error of package lattice that the code stands for, if it is one of
// the gateway's, which are those of HTTP.
func (e *Error) Unwrap() error {
	switch e.Code {
	case http.StatusForbidden, http.StatusUnauthorized:
		return lattice.ErrDenied
	case http.StatusNotFound:
		return lattice.ErrNotFound
	case http.StatusTooManyRequests:
		return lattice.ErrExhausted
	case http.StatusServiceUnavailable:
		return lattice.ErrUnavailable
	case http.StatusGatewayTimeout:
		return context.DeadlineExceeded
	}
	return nil
}

// failed returns the error of a call in the form of this package.
func (c *Client) failed(err error) error {
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return &Error{Code: e.Code, Message: e.Message, Data: e.Data}
	}
	return err
}

// guard sends the token with each request, and bounds each response.
type guard struct {
	next  http.RoundTripper
	token string
	// status is that of the last response.
	status atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+g.token)
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	g.status.Store(int64(resp.StatusCode))
	resp.Body = &bounded{resp.Body, MaxResponse}
	return resp, nil
}

// explain says why there is no connection.
func (g *guard) explain(url string, err error) error {
	text := strings.ReplaceAll(err.Error(), g.token, "TOKEN")
	switch g.status.Load() {
	case 0:
		return fmt.Errorf("%s: %w: %s", url, lattice.ErrUnavailable, text)
	case http.StatusUnauthorized:
		return fmt.Errorf("%s: %w: the gateway does not take the token", url, lattice.ErrDenied)
	case http.StatusForbidden:
		return fmt.Errorf("%s: %w: %s", url, lattice.ErrDenied, text)
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w: no MCP server answers there: `wattle mcp list` lists those that there are", url, lattice.ErrNotFound)
	}
	return fmt.Errorf("%s: %s", url, text)
}

// bounded is the body of a response.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, fmt.Errorf("the response has more than %d bytes", MaxResponse)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
