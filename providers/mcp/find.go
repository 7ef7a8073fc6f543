package mcp

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode"
)

// index finds tools by words (BM25: Robertson and Zaragoza, "The Probabilistic Relevance
// Framework", 2009).
type index struct {
	tools    []*entry
	lengths  []float64
	average  float64
	postings map[string][]posting
}

// posting says how much a word is worth in a tool.
type posting struct {
	tool   int
	weight float64
}

// The parameters of BM25, and how much more words of names and titles are worth than those
// of descriptions.
const (
	saturation  = 1.2
	lengthShare = 0.75
	nameWeight  = 4
	titleWeight = 2
	paramWeight = 1
)

// Bounds of searches.
const (
	maxQuery     = 1024
	maxWords     = 64
	defaultFound = 5
	maxFound     = 50
	maxWord      = 64
)

func newIndex(tools []*entry) *index {
	x := &index{tools: tools, postings: map[string][]posting{}}
	for i, e := range tools {
		weights := map[string]float64{}
		length := 0.0
		add := func(text string, weight float64) {
			for _, w := range words(text) {
				weights[w] += weight
				length += weight
			}
		}
		add(e.name, nameWeight)
		add(e.tool.Title, titleWeight)
		add(e.tool.Description, 1)
		var of struct {
			InputSchema struct{ Properties map[string]json.RawMessage }
		}
		_ = json.Unmarshal(e.definition, &of) // what has no properties has no parameters
		for name := range of.InputSchema.Properties {
			add(name, paramWeight)
		}
		for w, weight := range weights {
			x.postings[w] = append(x.postings[w], posting{i, weight})
		}
		x.lengths = append(x.lengths, length)
		x.average += length / float64(len(tools))
	}
	return x
}

// search returns the tools that fit a query best, at most limit of them.
func (x *index) search(query string, limit int) []*entry {
	asked := words(query[:min(len(query), maxQuery)])
	slices.Sort(asked)
	asked = slices.Compact(asked)
	scores := map[int]float64{}
	for _, w := range asked[:min(len(asked), maxWords)] {
		list := x.postings[w]
		n := float64(len(list))
		rarity := math.Log(1 + (float64(len(x.tools))-n+0.5)/(n+0.5))
		for _, p := range list {
			scores[p.tool] += rarity * p.weight * (saturation + 1) / (p.weight + saturation*(1-lengthShare+lengthShare*x.lengths[p.tool]/x.average))
		}
	}
	found := make([]int, 0, len(scores))
	for i := range scores {
		found = append(found, i)
	}
	slices.SortFunc(found, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(x.tools[a].name, x.tools[b].name))
	})
	var out []*entry
	for _, i := range found[:min(len(found), limit)] {
		out = append(out, x.tools[i])
	}
	return out
}

// words returns the words of a text in lower case: getUserByID has get, user, by and id.
// A plural is its singular.
func words(text string) []string {
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 && len(word) <= maxWord {
			w := strings.ToLower(string(word))
			if len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") {
				w = w[:len(w)-1]
			}
			out = append(out, w)
		}
		word = word[:0]
	}
	runes := []rune(text)
	for i, c := range runes {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			end()
			continue
		case unicode.IsUpper(c) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])):
			end()
		}
		word = append(word, c)
	}
	end()
	return out
}
