package capability

import (
	"log/slog"
	"sync"
	"time"
)

// complaintPause is how often the same capability is complained about.
const complaintPause = 10 * time.Second

// complaints log what goes wrong with the stores of a component, each store's now and
// then: guests may ask for it as often as they like.
type complaints struct {
	log  *slog.Logger
	kind string

	mu   sync.Mutex
	last map[string]time.Time
}

func newComplaints(log *slog.Logger, kind string) *complaints {
	return &complaints{log: log, kind: kind, last: map[string]time.Time{}}
}

// failed is told what went wrong with the store of a link.
func (c *complaints) failed(link string, err error) {
	if c.log == nil {
		return
	}
	c.mu.Lock()
	now := time.Now()
	quiet := now.Sub(c.last[link]) < complaintPause
	if !quiet {
		c.last[link] = now
	}
	c.mu.Unlock()
	if !quiet {
		c.log.Warn("capability failed", "capability", c.kind, "link", link, "error", err)
	}
}
