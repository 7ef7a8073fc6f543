package mcpv20251125

import (
	"fmt"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/host/wattle/mcp"
)

// sender implements ServerIO.
type sender struct{}

// SendMessage implements server-io.send-message.
func (sender) SendMessage(c *component.Call, _ *io.OutputStream, message ServerMessage, _ MessageFrame) error {
	if message.Tag != ServerMessageNotification {
		return &IOError{Tag: IOErrorUnexpected, Unexpected: fmt.Sprintf("the host sends clients no message of kind %q from here", message.Tag)}
	}
	switch n := &message.Notification; n.Tag {
	case ServerNotificationLog:
		return mcp.SendLog(c, n.Log.Level.String(), n.Log.Logger, n.Log.Data)
	case ServerNotificationProgress:
		return mcp.SendProgress(c, n.Progress.Progress, n.Progress.Total, n.Progress.Message)
	default:
		return nil
	}
}

// FlushBuffer implements server-io.flush-buffer: nothing is held back.
func (sender) FlushBuffer(*component.Call, *io.OutputStream) error { return nil }
