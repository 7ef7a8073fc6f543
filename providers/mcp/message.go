package mcp

import (
	"errors"
	"slices"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// The revisions of MCP that clients may speak, newest first. The first one is modern: each
// request says all about itself. The others have sessions.
var versions = []string{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"}

const modern = "2026-07-28"

// isLegacy reports whether a revision is one of those with sessions.
func isLegacy(version string) bool { return slices.Contains(versions[1:], version) }

// Members of _meta that every modern request has, or may have (2026-07-28, Overview,
// "_meta").
const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaCapabilities = "io.modelcontextprotocol/clientCapabilities"
	metaClient       = "io.modelcontextprotocol/clientInfo"
	metaLevel        = "io.modelcontextprotocol/logLevel"
	metaServer       = "io.modelcontextprotocol/serverInfo"
	metaSubscription = "io.modelcontextprotocol/subscriptionId"
)

// Methods of MCP.
const (
	callTool          = "tools/call"
	getPrompt         = "prompts/get"
	readResource      = "resources/read"
	complete          = "completion/complete"
	discover          = "server/discover"
	initialize        = "initialize"
	ping              = "ping"
	setLevel          = "logging/setLevel"
	listTools         = "tools/list"
	listPrompts       = "prompts/list"
	listResources     = "resources/list"
	listTemplates     = "resources/templates/list"
	listen            = "subscriptions/listen"
	subscribe         = "resources/subscribe"
	unsubscribe       = "resources/unsubscribe"
	cancelled         = "notifications/cancelled"
	progress          = "notifications/progress"
	logMessage        = "notifications/message"
	acknowledged      = "notifications/subscriptions/acknowledged"
	resourceUpdated   = "notifications/resources/updated"
	toolsChanged      = "notifications/tools/list_changed"
	promptsChanged    = "notifications/prompts/list_changed"
	resourcesChanged  = "notifications/resources/list_changed"
	elicit            = "elicitation/create"
	sample            = "sampling/createMessage"
	listRoots         = "roots/list"
	notificationsName = "notifications/"
)

// methods are those of clients, by themselves.
var methods = func() map[string]string {
	all := map[string]string{}
	for _, m := range []string{
		callTool, getPrompt, readResource, complete, discover, initialize, ping, setLevel, listTools, listPrompts,
		listResources, listTemplates, listen, subscribe, unsubscribe, cancelled,
	} {
		all[m] = m
	}
	return all
}()

// levels of logging, the least severe first.
var levels = []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}

// Slots of what is read of messages. Those of clients and of components share them.
const (
	sVersion = iota // jsonrpc
	sID
	sMethod
	sParams
	sResult
	sError

	pName
	pURI
	pArguments
	pCursor
	pRef
	pRefType
	pRefName
	pRefURI
	pLevel
	pRequest
	pListen
	pTools
	pPrompts
	pResources
	pUpdates
	pProtocol
	pCapabilities
	pClient
	pInputs
	pState
	pToken
	pMeta
	mVersion
	mCapabilities
	mClient
	mLevel
	mToken
	mSubscription
	mParent
	mState

	rType
	rScope
	rStructured
	rInputs
	rState

	eCode
	slots
)

// spans are where the members of a message are.
type spans [slots]jsonrpc.Span

// message is what is read of any message.
var message = jsonrpc.Shape{
	{Name: "jsonrpc", Slot: sVersion},
	{Name: "id", Slot: sID},
	{Name: "method", Slot: sMethod},
	{Name: "params", Slot: sParams, Shape: jsonrpc.Shape{
		{Name: "name", Slot: pName},
		{Name: "uri", Slot: pURI},
		{Name: "arguments", Slot: pArguments},
		{Name: "cursor", Slot: pCursor},
		{Name: "ref", Slot: pRef, Shape: jsonrpc.Shape{
			{Name: "type", Slot: pRefType},
			{Name: "name", Slot: pRefName},
			{Name: "uri", Slot: pRefURI},
		}},
		{Name: "level", Slot: pLevel},
		{Name: "requestId", Slot: pRequest},
		{Name: "notifications", Slot: pListen, Shape: jsonrpc.Shape{
			{Name: "toolsListChanged", Slot: pTools},
			{Name: "promptsListChanged", Slot: pPrompts},
			{Name: "resourcesListChanged", Slot: pResources},
			{Name: "resourceSubscriptions", Slot: pUpdates},
		}},
		{Name: "protocolVersion", Slot: pProtocol},
		{Name: "capabilities", Slot: pCapabilities},
		{Name: "clientInfo", Slot: pClient},
		{Name: "inputResponses", Slot: pInputs},
		{Name: "requestState", Slot: pState},
		{Name: "progressToken", Slot: pToken},
		{Name: "_meta", Slot: pMeta, Shape: jsonrpc.Shape{
			{Name: metaVersion, Slot: mVersion},
			{Name: metaCapabilities, Slot: mCapabilities},
			{Name: metaClient, Slot: mClient},
			{Name: metaLevel, Slot: mLevel},
			{Name: "progressToken", Slot: mToken},
			{Name: metaSubscription, Slot: mSubscription},
			{Name: traceParent, Slot: mParent},
			{Name: traceState, Slot: mState},
		}},
	}},
	{Name: "result", Slot: sResult, Shape: jsonrpc.Shape{
		{Name: "resultType", Slot: rType},
		{Name: "cacheScope", Slot: rScope},
		{Name: "structuredContent", Slot: rStructured},
		{Name: "inputRequests", Slot: rInputs},
		{Name: "requestState", Slot: rState},
	}},
	{Name: "error", Slot: sError, Shape: jsonrpc.Shape{
		{Name: "code", Slot: eCode},
	}},
}

// form is what a message is.
type form int

const (
	request form = iota
	notification
	response
)

// maxID bounds the id of a request: it is repeated in every answer.
const maxID = 512

// read reads a message, which is the whole of text, and says what it is.
func read(text []byte, s *spans) (form, error) {
	if err := jsonrpc.Scan(text, message, s[:]); err != nil {
		return 0, err
	}
	return classify(text, s)
}

// classify says what a message is, and what is wrong with its envelope (JSON-RPC 2.0, as
// MCP narrows it).
func classify(text []byte, s *spans) (form, error) {
	id := s[sID].Of(text)
	switch {
	case !jsonrpc.Is(s[sVersion].Of(text), "2.0"):
		return 0, errors.New(`"jsonrpc" is not "2.0"`)
	case id != nil && !jsonrpc.IsString(id) && !jsonrpc.IsInteger(id):
		return 0, errors.New("the id is no string and no integer")
	case len(id) > maxID:
		return 0, errors.New("the id is too long")
	}
	answer := s[sResult].Found() || s[sError].Found()
	switch {
	case s[sMethod].Found():
		if !jsonrpc.IsString(s[sMethod].Of(text)) {
			return 0, errors.New("the method is no string")
		}
		if answer {
			return 0, errors.New("it is a request and a response")
		}
		if p := s[sParams].Of(text); p != nil && !jsonrpc.IsObject(p) {
			return 0, errors.New("the params are no object")
		}
		if id == nil {
			return notification, nil
		}
		return request, nil
	case s[sResult].Found() && s[sError].Found():
		return 0, errors.New("it has a result and an error")
	case s[sError].Found() && !jsonrpc.IsInteger(s[eCode].Of(text)):
		return 0, errors.New("the error has no code")
	case s[sResult].Found() && !jsonrpc.IsObject(s[sResult].Of(text)):
		return 0, errors.New("the result is no object")
	case !answer:
		return 0, errors.New("it has no method, no result and no error")
	case id == nil && s[sResult].Found():
		return 0, errors.New("it is a response without an id")
	}
	return response, nil
}
