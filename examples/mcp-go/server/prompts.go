package server

import (
	"context"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The prompt that is of use, and its argument.
const (
	explainPrompt    = "explain_digest"
	explainAlgorithm = "algorithm"
)

// addPrompts adds the prompts.
func addPrompts(s *mcp.Server) {
	s.AddPrompt(&mcp.Prompt{Name: explainPrompt, Description: "Asks for an explanation of a digest algorithm.", Arguments: []*mcp.PromptArgument{
		{Name: explainAlgorithm, Description: "one that the digest tool knows", Required: true},
	}}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return say(&mcp.TextContent{
			Text: "Explain what " + req.Params.Arguments[explainAlgorithm] + " is good for today and what it is not. " +
				"Show its value for the word \"wattle\"; use the digest tool for that.",
		}), nil
	})
	s.AddPrompt(&mcp.Prompt{Name: "test_simple_prompt", Description: "Has no arguments."}, simplePrompt)
	s.AddPrompt(&mcp.Prompt{Name: "test_prompt_with_arguments", Description: "Has two arguments.", Arguments: []*mcp.PromptArgument{
		{Name: "arg1", Description: "the first", Required: true},
		{Name: "arg2", Description: "the second", Required: true},
	}}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		args := req.Params.Arguments
		return say(&mcp.TextContent{Text: "Prompt with arguments: arg1='" + args["arg1"] + "', arg2='" + args["arg2"] + "'"}), nil
	})
	s.AddPrompt(&mcp.Prompt{Name: "test_prompt_with_embedded_resource", Description: "Embeds a resource.", Arguments: []*mcp.PromptArgument{
		{Name: "resourceUri", Description: "the URI of the resource", Required: true},
	}}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		embedded := &mcp.ResourceContents{URI: req.Params.Arguments["resourceUri"], MIMEType: "text/plain", Text: "The text of the resource."}
		return say(&mcp.EmbeddedResource{Resource: embedded}, &mcp.TextContent{Text: "Please read the resource above."}), nil
	})
	s.AddPrompt(&mcp.Prompt{Name: "test_prompt_with_image", Description: "Has an image."},
		func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return say(&mcp.ImageContent{Data: dot, MIMEType: "image/png"}, &mcp.TextContent{Text: "Please look at the image above."}), nil
		})
	s.AddPrompt(&mcp.Prompt{Name: "test_input_required_result_prompt", Description: "Needs input from the user."}, askingPrompt)
}

// say is a prompt of one user message per content.
func say(contents ...mcp.Content) *mcp.GetPromptResult {
	res := &mcp.GetPromptResult{}
	for _, c := range contents {
		res.Messages = append(res.Messages, &mcp.PromptMessage{Role: "user", Content: c})
	}
	return res
}

func simplePrompt(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	return say(&mcp.TextContent{Text: "This is a simple prompt for testing."}), nil
}

func askingPrompt(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	const key = "user_context"
	if given := accepted(req.Params.InputResponses, key, "context"); given != "" {
		return say(&mcp.TextContent{Text: "Context: " + given}), nil
	}
	return &mcp.GetPromptResult{InputRequests: mcp.InputRequestMap{
		key: elicitParams("In which context?", object{"context": object{"type": "string"}}, "context"),
	}}, nil
}

// complete proposes values for the argument of explain_digest. It knows none
// for others.
func complete(_ context.Context, req *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
	values := []string{}
	if req.Params.Ref.Name == explainPrompt && req.Params.Argument.Name == explainAlgorithm {
		for _, name := range []string{"sha1", "sha256", "sha512"} {
			if strings.HasPrefix(name, req.Params.Argument.Value) {
				values = append(values, name)
			}
		}
	}
	return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: values, Total: len(values)}}, nil
}
