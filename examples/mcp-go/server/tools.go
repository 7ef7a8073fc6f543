package server

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxFetch bounds what the fetch tool returns.
const maxFetch = 64 << 10

// fetchTimeout bounds how long the fetch tool waits.
const fetchTimeout = 20 * time.Second

// addTools adds the tools that do something useful.
func addTools(s *mcp.Server, transport http.RoundTripper) {
	readOnly := &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: new(false)}
	mcp.AddTool(s, &mcp.Tool{
		Name: "echo", Description: "Returns the text it is given.", Annotations: readOnly,
	}, echo)
	mcp.AddTool(s, &mcp.Tool{
		Name: "digest", Description: "Computes a cryptographic digest of a text.", Annotations: readOnly,
	}, digest)
	mcp.AddTool(s, &mcp.Tool{
		Name: "now", Description: "Tells the time, at an offset from UTC.",
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: new(false)},
	}, now)
	if transport != nil {
		f := &fetcher{client: &http.Client{Transport: transport, Timeout: fetchTimeout}}
		mcp.AddTool(s, &mcp.Tool{
			Name: "fetch", Description: "Fetches a text over HTTP. The host decides which addresses can be reached.",
			Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: new(true)},
		}, f.fetch)
	}
}

type echoInput struct {
	Text string `json:"text" jsonschema:"the text to return"`
}

func echo(_ context.Context, _ *mcp.CallToolRequest, in echoInput) (*mcp.CallToolResult, any, error) {
	return text(in.Text), nil, nil
}

type digestInput struct {
	Text      string `json:"text" jsonschema:"the text, in UTF-8"`
	Algorithm string `json:"algorithm,omitempty" jsonschema:"sha1, sha256 (the default) or sha512"`
}

type digestOutput struct {
	Algorithm string `json:"algorithm"`
	Hex       string `json:"hex"`
}

func digest(_ context.Context, _ *mcp.CallToolRequest, in digestInput) (*mcp.CallToolResult, digestOutput, error) {
	out := digestOutput{Algorithm: in.Algorithm}
	switch in.Algorithm {
	case "sha1":
		sum := sha1.Sum([]byte(in.Text))
		out.Hex = hex.EncodeToString(sum[:])
	case "", "sha256":
		out.Algorithm = "sha256"
		sum := sha256.Sum256([]byte(in.Text))
		out.Hex = hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512([]byte(in.Text))
		out.Hex = hex.EncodeToString(sum[:])
	default:
		return nil, out, fmt.Errorf("unknown algorithm %q: use sha1, sha256 or sha512", in.Algorithm)
	}
	return nil, out, nil
}

type nowInput struct {
	OffsetMinutes int `json:"offsetMinutes,omitempty" jsonschema:"minutes east of UTC"`
}

type nowOutput struct {
	Time string `json:"time" jsonschema:"RFC 3339"`
	Unix int64  `json:"unix"`
}

func now(_ context.Context, _ *mcp.CallToolRequest, in nowInput) (*mcp.CallToolResult, nowOutput, error) {
	const day = 24 * 60
	if in.OffsetMinutes <= -day || in.OffsetMinutes >= day {
		return nil, nowOutput{}, fmt.Errorf("offset of %d minutes: less than a day is meant", in.OffsetMinutes)
	}
	t := time.Now().In(time.FixedZone("", in.OffsetMinutes*60))
	return nil, nowOutput{Time: t.Format(time.RFC3339), Unix: t.Unix()}, nil
}

// fetcher is the fetch tool.
type fetcher struct {
	client *http.Client
}

type fetchInput struct {
	URL string `json:"url" jsonschema:"an http or https URL"`
}

type fetchOutput struct {
	Status      int    `json:"status"`
	ContentType string `json:"contentType"`
	Text        string `json:"text"`
	Truncated   bool   `json:"truncated"`
}

func (f *fetcher) fetch(ctx context.Context, _ *mcp.CallToolRequest, in fetchInput) (*mcp.CallToolResult, fetchOutput, error) {
	u, err := url.Parse(in.URL)
	if err != nil {
		return nil, fetchOutput{}, err
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fetchOutput{}, fmt.Errorf("scheme %q: only http and https can be fetched", u.Scheme)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fetchOutput{}, err
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, fetchOutput{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxFetch+1))
	if err != nil {
		return nil, fetchOutput{}, fmt.Errorf("read %s: %w", u.Redacted(), err)
	}
	out := fetchOutput{Status: res.StatusCode, ContentType: res.Header.Get("Content-Type")}
	if len(body) > maxFetch {
		out.Truncated = true
		body = trimRune(body[:maxFetch])
	}
	if !utf8.Valid(body) {
		return nil, out, fmt.Errorf("%s is not text", u.Redacted())
	}
	out.Text = string(body)
	return nil, out, nil
}

// trimRune takes a rune that was cut in two off the end of b.
func trimRune(b []byte) []byte {
	for cut := range min(utf8.UTFMax, len(b)) {
		if r, size := utf8.DecodeLastRune(b[:len(b)-cut]); r != utf8.RuneError || size > 1 {
			return b[:len(b)-cut]
		}
	}
	return b
}

// text is a result of one text.
func text(parts ...string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: strings.Join(parts, "")}}}
}
