package mutant

import (
	"math/rand/v2"
	"strings"
)

// names are names that stand on one side or the other of a rule of Explainer.md,
// "Import and Export Definitions".
var names = []string{
	"", "a", "A", "a-b", "a-B", "A-b", "aB", "a--b", "-a", "a-", "a1", "1a", "a-1", "a-1b", "a_b", "a b", "ä", "a\x00", "x-y-z",
	"[method]a.b", "[method]a", "[method]a.", "[method].b", "[method]a.b.c", "[method]a-b.c-d", "[method]A.b", "[method]r.a", "[method]a.a",
	"[static]a.b", "[static]a.a", "[static]r.a", "[static]A.B", "[constructor]a", "[constructor]A", "[constructor]r", "[constructor]a.b", "[constructor]",
	"[async]a", "[async method]a.b", "[implements=<a:b/c>]a", "[foo]a", "[", "[]a", "[method]", "[resource-drop]a", "[getter]a.b", "[setter]a.b",
	"a:b/c", "a:b/c@1.0.0", "a:b/c@1.0", "a:b/c@1", "a:b/c@0.1", "a:b/c@0.0.1", "a:b/c@01.0.0", "a:b/c@1.0.0-", "a:b/c@1.0.0-rc.1",
	"a:b/c@1.0.0-rc.01", "a:b/c@1.0.0+b.01", "a:b/c@1.0.0-rc+b", "a:b/c@1.0.0+", "a:b/c@1.2.3.4", "a:b/c@18446744073709551616.0.0",
	"a:b/c@", "a:b", "a:b@1.0.0", "a:b/c/d", "a:b:c/d", "a:b/c/d@1.0.0", "A:b/c", "a:B/c", "a:b/C", "a:b/c-D", "a:b/1", "a-1:b-2/c-3", ":b/c", "a:/c", "a:b/",
	"url=<https://example.com>", "url=<>", "url=<a>,integrity=<sha256-AAAA>", "integrity=<sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=>",
	"integrity=<sha256->", "integrity=<>", "integrity=<sha1-AAAA>", "locked-dep=<a:b>", "locked-dep=<a:b@1.0.0>", "locked-dep=<a:b@1.0.0>,integrity=<sha256-AAAA>",
	"locked-dep=<a:b/c>", "unlocked-dep=<a:b>", "unlocked-dep=<a:b@*>", "unlocked-dep=<a:b@{>=1.0.0}>", "unlocked-dep=<a:b@{>=1.0.0 <2.0.0}>",
	"unlocked-dep=<a:b@{<1.0.0}>", "unlocked-dep=<a:b@{}>", "relative-url=<a>", "self", "this", "r", "f", "t",
}

// rename returns another name: one of those above, one of the corpus, or nearly
// the same one.
func (c *Corpus) rename(rng *rand.Rand, old string) string {
	switch n := rng.IntN(8); {
	case n < 2:
		return oneOf(rng, names)
	case n < 4 && len(c.donors.names) > 0:
		return oneOf(rng, c.donors.names)
	case n < 5 && len(old) > 0:
		i := rng.IntN(len(old))
		return old[:i] + old[i+1:]
	case n < 6:
		i := rng.IntN(len(old) + 1)
		return old[:i] + oneOf(rng, strings.Split("a A - 0 9 . : / @ [ ] + _ é", " ")) + old[i:]
	case n < 7:
		return swapCase(rng, old)
	}
	return oneOf(rng, []string{
		"[method]" + old, "[static]" + old, "[constructor]" + old, old[strings.Index(old, "]")+1:], old + "@1.0.0", old + "." + old,
		"a:b/" + old, old + "-" + old, strings.ToUpper(old),
	})
}

// swapCase changes the case of one letter or of one word.
func swapCase(rng *rand.Rand, s string) string {
	if s == "" {
		return s
	}
	i := rng.IntN(len(s))
	j := i + 1
	if rng.IntN(2) == 0 {
		i = strings.LastIndexAny(s[:i], "-:/.]") + 1
		if k := strings.IndexAny(s[i:], "-:/.@"); k >= 0 {
			j = i + k
		} else {
			j = len(s)
		}
	}
	part := strings.ToUpper(s[i:j])
	if part == s[i:j] {
		part = strings.ToLower(part)
	}
	return s[:i] + part + s[j:]
}
