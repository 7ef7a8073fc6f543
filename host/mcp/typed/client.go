package typed

import (
	"encoding/json"
	"strconv"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/internal/rawjson"
)

// client is who waits for the answer to a request.
type client struct {
	q     *mcp.Request
	token json.RawMessage // of progress, nil if the client wants none
	done  float64         // what it was told last
	told  bool
}

func newClient(q *mcp.Request, meta rawjson.Object) *client {
	return &client{q: q, token: meta.Get("progressToken")}
}

// Progress implements the client of wattle:mcp. Progress that does not grow is not sent: MCP
// (2026-07-28, basic/patterns/progress) does not allow it.
func (c *client) Progress(done float64, total *float64, message *string) error {
	if c.token == nil || c.told && done <= c.done {
		return nil
	}
	c.done, c.told = done, true
	b := (&builder{}).raw("progressToken", c.token).raw("progress", number(done))
	if total != nil {
		b.raw("total", number(*total))
	}
	if message != nil {
		b.text("message", *message)
	}
	return c.q.Notify("notifications/progress", b.o.JSON())
}

// Log implements the client of wattle:mcp.
func (c *client) Log(level string, logger *string, data json.RawMessage) error {
	b := (&builder{}).text("level", level)
	if logger != nil {
		b.text("logger", *logger)
	}
	return c.q.Notify("notifications/message", b.raw("data", data).o.JSON())
}

// number returns a finite number.
func number(f float64) json.RawMessage {
	return strconv.AppendFloat(nil, f, 'g', -1, 64)
}
