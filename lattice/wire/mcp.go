package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// CheckMCP checks how a component is offered as an MCP server. The error tells of all that
// is wrong.
func CheckMCP(m *lattice.MCP) error {
	_, err := lattice.ParseServerName(string(m.Name))
	errs := []error{err, lattice.CheckAlias(m.Alias)}
	add := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, invalid(format, args...))
		}
	}
	kinds := lattice.MCPKinds()
	add(m.Kind == "" || slices.Contains(kinds, m.Kind), "kind %.80q: want one of %q", m.Kind, kinds)
	if m.Path != "" {
		normal, err := NormalRoute(lattice.Route{Path: m.Path})
		add(err == nil && normal.Path == m.Path, "path %.80q: want one like %q", m.Path, lattice.DefaultMCPPath)
	}
	add(len(m.Host) <= MaxRouteHost && !strings.ContainsFunc(m.Host, notHost), "host %.80q: want a name, and a port if any", m.Host)
	add(m.Kind == "" || m.Kind == lattice.MCPHTTP || m.Path == "" && m.Host == "", "path and host are those of kind %q only", lattice.MCPHTTP)
	errs = append(errs, checkCalls("", m.TimeoutMillis, m.Rate))
	for _, list := range [][]string{m.Allow, m.Deny} {
		add(len(list) <= MaxToolPatterns, "%d patterns of tools, the limit is %d", len(list), MaxToolPatterns)
		for _, p := range list {
			name := strings.ReplaceAll(p, "*", "x")
			add(lattice.CheckToolName(name) == nil, "pattern of tools %.160q: want the characters of names of tools, and *", p)
			add(strings.Count(p, "*") <= MaxStars, "pattern of tools %.160q: more than %d stars", p, MaxStars)
		}
	}
	add(len(m.Tools) <= MaxToolRules, "%d rules for tools, the limit is %d", len(m.Tools), MaxToolRules)
	by := map[string]string{}
	for _, own := range slices.Sorted(maps.Keys(m.Tools)) {
		rule := m.Tools[own]
		errs = append(errs, lattice.CheckToolName(own), checkRule(own, &rule))
		if rule.Hidden {
			continue
		}
		name := own
		if rule.Name != "" {
			name = rule.Name
		}
		other, taken := by[name]
		add(!taken, "the tools %.160q and %.160q would both have the name %.160q", other, own, name)
		by[name] = own
	}
	return errors.Join(errs...)
}

// notHost reports whether a character is in no Host field (RFC 9110 section 7.2).
func notHost(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-.:[]", c)
}

// checkCalls checks the bounds of calls of tools. which begins the error.
func checkCalls(which string, timeout int64, rate int) error {
	var errs []error
	if timeout < 0 || timeout > MaxMillis {
		errs = append(errs, invalid("%stimeout_ms: want 0 to %d", which, MaxMillis))
	}
	if rate < 0 || rate > MaxToolRate {
		errs = append(errs, invalid("%srate: want 0 to %d calls a minute", which, MaxToolRate))
	}
	return errors.Join(errs...)
}

// checkRule checks what is said of a tool instead of what its server says.
func checkRule(own string, rule *lattice.ToolRule) error {
	which := "tool \"" + own[:min(len(own), lattice.MaxToolName)] + "\": "
	errs := []error{checkCalls(which, rule.TimeoutMillis, rule.Rate)}
	if rule.Name != "" {
		errs = append(errs, lattice.CheckToolName(rule.Name))
	}
	if len(rule.Title) > MaxText || !Printable(rule.Title) {
		errs = append(errs, invalid("%stitle: want up to %d bytes of one line", which, MaxText))
	}
	if len(rule.Description) > MaxToolDescription || !PrintableText(rule.Description) {
		errs = append(errs, invalid("%sdescription: want up to %d bytes of text", which, MaxToolDescription))
	}
	if len(rule.Annotations) > 0 {
		if err := checkAnnotations(rule.Annotations); err != nil {
			errs = append(errs, invalid("%sannotations: %v", which, err))
		}
	}
	return errors.Join(errs...)
}

// checkAnnotations checks the annotations of a tool (MCP 2026-07-28, Schema,
// "ToolAnnotations").
func checkAnnotations(data []byte) error {
	if len(data) > MaxToolAnnotations {
		return invalid("%d bytes, the limit is %d", len(data), MaxToolAnnotations)
	}
	return read("annotations", data, MaxToolAnnotations, func(r *reader) {
		seen := map[string]bool{}
		r.members(maxFields, func(name string) {
			if seen[name] {
				r.fail("it is there twice")
			}
			seen[name] = true
			switch name {
			case "title":
				r.text(MaxText)
			case "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint":
				r.bool()
			default:
				r.fail("want title, readOnlyHint, destructiveHint, idempotentHint or openWorldHint")
			}
		})
	})
}

// mcp reads how a component is offered.
func (r *reader) mcp() *lattice.MCP {
	m := new(lattice.MCP)
	r.record(refused, "name alias", func(field string) bool {
		switch field {
		case "name":
			m.Name = parsed(r, lattice.ParseServerName)
		case "alias":
			m.Alias = r.string(lattice.MaxAlias)
		case "kind":
			m.Kind = oneOf(r, lattice.MCPKinds()...)
		case "path":
			m.Path = r.required(MaxRoutePath)
		case "host":
			m.Host = r.required(MaxRouteHost)
		case "pinned":
			m.Pinned = r.bool()
		case "single":
			m.Single = r.bool()
		case "timeout_ms":
			m.TimeoutMillis = r.int(0, MaxMillis)
		case "rate":
			m.Rate = int(r.int(0, MaxToolRate))
		case "allow":
			m.Allow = r.patterns()
		case "deny":
			m.Deny = r.patterns()
		case "tools":
			m.Tools = r.rules()
		default:
			return false
		}
		return true
	})
	if r.err == nil {
		if err := CheckMCP(m); err != nil {
			r.refuse(err)
		}
	}
	return m
}

func (r *reader) patterns() []string {
	return list(r, MaxToolPatterns, func() string { return r.required(lattice.MaxToolName) })
}

// rules reads what is said of tools, nil if there is nothing.
func (r *reader) rules() map[string]lattice.ToolRule {
	var all map[string]lattice.ToolRule
	r.members(MaxToolRules, func(own string) {
		if _, ok := all[own]; ok {
			r.fail("the tool is there twice")
			return
		}
		if all == nil {
			all = map[string]lattice.ToolRule{}
		}
		all[own] = r.rule()
	})
	return all
}

func (r *reader) rule() (rule lattice.ToolRule) {
	r.record(refused, "", func(field string) bool {
		switch field {
		case "name":
			rule.Name = r.required(lattice.MaxToolName)
		case "title":
			rule.Title = r.required(MaxText)
		case "description":
			rule.Description = r.lines(MaxToolDescription)
		case "annotations":
			var b bytes.Buffer
			if raw := r.raw(); r.err == nil && json.Compact(&b, raw) == nil {
				rule.Annotations = b.Bytes()
			}
		case "timeout_ms":
			rule.TimeoutMillis = r.int(0, MaxMillis)
		case "rate":
			rule.Rate = int(r.int(0, MaxToolRate))
		case "hidden":
			rule.Hidden = r.bool()
		default:
			return false
		}
		return true
	})
	return rule
}
