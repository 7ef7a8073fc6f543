package main

import "testing"

func TestNames(t *testing.T) {
	g := &generator{packageNames: map[string]bool{"io": true}}
	tests := []struct{ label, exported, param string }{
		{"read", "Read", "read"},
		{"input-stream", "InputStream", "inputStream"},
		{"DNS-error-payload", "DNSErrorPayload", "dnsErrorPayload"},
		{"HTTP-request-URI-too-long", "HTTPRequestURITooLong", "httpRequestURITooLong"},
		{"ipv6-socket-address", "IPv6SocketAddress", "ipv6SocketAddress"},
		{"create-tcp-socket", "CreateTCPSocket", "createTCPSocket"},
		{"a1-2-b", "A12B", "a12B"},
		{"type", "Type", "typeArg"}, // a keyword
		{"len", "Len", "lenArg"},    // a function that glue calls
		{"self", "Self", "selfArg"}, // a variable of glue
		{"v1", "V1", "v1Arg"},       // a temporary of glue
		{"io", "IO", "ioArg"},       // a package
		{"stack-depth", "StackDepth", "stackDepth"},
	}
	for _, test := range tests {
		if got := goName(test.label); got != test.exported {
			t.Errorf("goName(%q) = %q, want %q", test.label, got, test.exported)
		}
		if got := g.paramName(test.label); got != test.param {
			t.Errorf("paramName(%q) = %q, want %q", test.label, got, test.param)
		}
	}
}
