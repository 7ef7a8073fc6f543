package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	mcp "github.com/wattle-dev/wattle/examples/internal/wattlemcp"
)

// recipe is what a dish needs.
type recipe struct {
	Title       string             `json:"title"`
	Servings    float64            `json:"servings"`
	Ingredients map[string]float64 `json:"ingredients"` // in grams
}

// book has the recipes by name.
type book map[string]recipe

// recipes is the book of this server.
var recipes = book{
	"bread":    {"Bread", 8, map[string]float64{"flour": 500, "water": 340, "salt": 10, "yeast": 7}},
	"pancakes": {"Pancakes", 4, map[string]float64{"flour": 200, "milk": 400, "eggs": 120}},
	"risotto":  {"Risotto", 2, map[string]float64{"rice": 180, "stock": 700, "butter": 40, "parmesan": 50}},
}

func (b book) names() []string {
	names := make([]string, 0, len(b))
	for name := range b {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// find returns a recipe. The error is for a model.
func (b book) find(name string) (recipe, error) {
	r, ok := b[name]
	if !ok {
		return r, fmt.Errorf("there is no recipe %q; there are %s", name, strings.Join(b.names(), ", "))
	}
	return r, nil
}

// scaled returns the ingredients for so many servings.
func (r recipe) scaled(servings float64) map[string]float64 {
	all := map[string]float64{}
	for name, grams := range r.Ingredients {
		all[name] = grams * servings / r.Servings
	}
	return all
}

const recipeSchema = `{"type":"object","properties":{"recipe":{"type":"string"},"servings":{"type":"number","exclusiveMinimum":0,"maximum":1000}},"required":["recipe","servings"]}`

// ListTools implements mcp.Tools.
func (b book) ListTools() []mcp.Tool {
	const readOnly = `{"readOnlyHint":true,"idempotentHint":true,"openWorldHint":false}`
	return []mcp.Tool{
		{
			Name: "scale", Title: new("Scale a recipe"), Description: new("The ingredients of a recipe for a number of servings."),
			InputSchema: recipeSchema, Annotations: new(readOnly),
			OutputSchema: new(`{"type":"object","additionalProperties":{"type":"number"}}`),
		},
		{
			Name: "shopping-list", Description: new("The ingredients of all meals of a plan: names of recipes."), Annotations: new(readOnly),
			InputSchema: `{"type":"object","properties":{"meals":{"type":"array","items":{"type":"string"},"maxItems":100}},"required":["meals"]}`,
		},
		{
			Name: "order", Description: new("Orders the ingredients of a recipe, when the user has agreed."),
			InputSchema: recipeSchema, Annotations: new(`{"destructiveHint":true}`),
		},
	}
}

// CallTool implements mcp.Tools.
func (b book) CallTool(r *mcp.Request, name string, arguments mcp.JSON) (mcp.ToolOutcome, error) {
	var args struct {
		Recipe   string
		Servings float64
		Meals    []string
	}
	if err := json.Unmarshal([]byte(arguments), &args); err != nil {
		return mcp.ToolOutcome{}, err
	}
	switch name {
	case "scale":
		return b.scale(args.Recipe, args.Servings)
	case "shopping-list":
		return b.shop(args.Meals)
	case "order":
		return b.order(r, args.Recipe, args.Servings)
	default:
		return mcp.ToolOutcome{}, &mcp.Error{Code: -32602, Message: fmt.Sprintf("unknown tool: %q", name)}
	}
}

// text returns the text of a value as JSON.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the values of this program can be JSON
	}
	return string(b)
}

func said(s string) mcp.ToolOutcome {
	return mcp.ToolOutcome{Complete: &mcp.ToolResult{Content: mcp.Text(s)}}
}

func (b book) scale(name string, servings float64) (mcp.ToolOutcome, error) {
	r, err := b.find(name)
	if err != nil {
		return mcp.ToolOutcome{}, err
	}
	all := text(r.scaled(servings))
	return mcp.ToolOutcome{Complete: &mcp.ToolResult{Content: mcp.Text(all), Structured: &all}}, nil
}

func (b book) shop(meals []string) (mcp.ToolOutcome, error) {
	all := map[string]float64{}
	for i, meal := range meals {
		if mcp.Cancelled() {
			return mcp.ToolOutcome{}, fmt.Errorf("stopped after %d meals", i)
		}
		r, err := b.find(meal)
		if err != nil {
			mcp.Log(mcp.Warning, "shopping-list", text(map[string]string{"skipped": meal}))
			continue
		}
		for name, grams := range r.Ingredients {
			all[name] += grams
		}
		mcp.Progress(float64(i+1), float64(len(meals)), r.Title)
	}
	return said(text(all)), nil
}

// order asks the user before it does anything. What it will do is in the state, so that the user
// agrees to just that.
func (b book) order(r *mcp.Request, name string, servings float64) (mcp.ToolOutcome, error) {
	if r.State == nil {
		found, err := b.find(name)
		if err != nil {
			return mcp.ToolOutcome{}, err
		}
		all := found.scaled(servings)
		question := fmt.Sprintf("Order %d ingredients for %q, for %v servings?", len(all), found.Title, servings)
		return mcp.ToolOutcome{InputRequired: &mcp.InputRequired{
			Requests: []mcp.NamedRequest{{Name: "agree", Request: text(map[string]any{
				"method": "elicitation/create",
				"params": map[string]any{
					"mode": "form", "message": question,
					"requestedSchema": map[string]any{
						"type": "object", "properties": map[string]any{"agree": map[string]any{"type": "boolean"}}, "required": []string{"agree"},
					},
				},
			})}},
			State: new(text(all)),
		}}, nil
	}
	var answers struct {
		Agree struct {
			Action  string
			Content struct{ Agree bool }
		}
	}
	if r.InputResponses == nil {
		return mcp.ToolOutcome{}, &mcp.Error{Code: -32602, Message: "inputResponses is missing"}
	}
	if err := json.Unmarshal([]byte(*r.InputResponses), &answers); err != nil {
		return mcp.ToolOutcome{}, err
	}
	if answers.Agree.Action != "accept" || !answers.Agree.Content.Agree {
		return said("The user does not want to order."), nil
	}
	return said("Ordered for " + r.Callers[0] + ": " + *r.State), nil
}

// ListResources implements mcp.Resources.
func (b book) ListResources() []mcp.Entry {
	var all []mcp.Entry
	for _, name := range b.names() {
		all = append(all, mcp.Entry{
			URI: "recipe:" + name, Name: name, Title: new(b[name].Title), MimeType: new("application/json"),
			Size: new(uint64(len(text(b[name])))),
		})
	}
	return all
}

// ListTemplates implements mcp.Resources.
func (b book) ListTemplates() []mcp.Entry {
	return []mcp.Entry{{URI: "recipe:{name}", Name: "recipe", Description: new("A recipe by its name."), MimeType: new("application/json")}}
}

// ReadResource implements mcp.Resources.
func (b book) ReadResource(_ *mcp.Request, uri string) (mcp.ReadOutcome, error) {
	name, ok := strings.CutPrefix(uri, "recipe:")
	r, err := b.find(name)
	if !ok || err != nil {
		return mcp.ReadOutcome{}, &mcp.Error{Code: -32602, Message: "resource not found", Data: new(text(map[string]string{"uri": uri}))}
	}
	return mcp.ReadOutcome{Complete: &[]mcp.Contents{{
		URI: uri, MimeType: new("application/json"), Body: mcp.Body{Text: new(text(r))},
	}}}, nil
}

// ListPrompts implements mcp.Prompts.
func (b book) ListPrompts() []mcp.Prompt {
	return []mcp.Prompt{{
		Name: "cook", Description: new("Has somebody be told how to cook a dish."),
		Arguments: []mcp.Argument{{Name: "recipe", Description: new("The name of a recipe"), Required: true}},
	}}
}

// GetPrompt implements mcp.Prompts.
func (b book) GetPrompt(_ *mcp.Request, name string, arguments map[string]string) (mcp.PromptOutcome, error) {
	r, err := b.find(arguments["recipe"])
	if name != "cook" || err != nil {
		return mcp.PromptOutcome{}, &mcp.Error{Code: -32602, Message: fmt.Sprintf("there is no prompt %q for the recipe %q", name, arguments["recipe"])}
	}
	return mcp.PromptOutcome{Complete: &mcp.PromptResult{Messages: []mcp.Message{
		{Role: mcp.User, Content: mcp.Text("How do I cook " + r.Title + "?")[0]},
		{Role: mcp.User, Content: mcp.Content{Resource: &mcp.Contents{
			URI: "recipe:" + arguments["recipe"], MimeType: new("application/json"), Body: mcp.Body{Text: new(text(r))},
		}}},
	}}}, nil
}

// Complete implements mcp.Completions.
func (b book) Complete(_ *mcp.Request, _ mcp.Reference, _, value string, _ map[string]string) (mcp.Completion, error) {
	found := []string{}
	for _, name := range b.names() {
		if strings.HasPrefix(name, value) {
			found = append(found, name)
		}
	}
	return mcp.Completion{Values: found, Total: new(uint32(len(found)))}, nil
}
