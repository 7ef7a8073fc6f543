package scheduler

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/decide"
)

// publish tells of what happened. Events are for those who watch: nothing depends
// on them.
func (s *Service) publish(ctx context.Context, events []decide.Event) {
	for _, h := range events {
		data, err := json.Marshal(h.Data)
		if err != nil {
			s.log.ErrorContext(ctx, "event has no form", "error", err)
			continue
		}
		message, err := wire.EncodeEvent(&lattice.Event{
			SpecVersion:     "1.0",
			ID:              s.opts.NewID(),
			Source:          "scheduler",
			Type:            lattice.EventPrefix + h.Kind,
			Subject:         h.Subject,
			Time:            time.Now().UTC(),
			DataContentType: "application/json",
			Data:            data,
		})
		if err == nil {
			err = s.lattice.Publish(&lattice.Message{Subject: s.subjects.SchedulerEvent(h.Kind), Data: message})
		}
		if err != nil {
			s.log.WarnContext(ctx, "event is lost", "error", err)
		}
	}
}
