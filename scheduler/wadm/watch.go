package wadm

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// watcher tells what has changed with applications since it last looked. When it
// begins, nothing has.
type watcher struct {
	edge *Edge
	// seen is nil until the first look.
	seen map[lattice.AppName]*seen
}

// seen is an application as it was.
type seen struct {
	summary control.AppSummary
	status  []byte
}

// look compares the applications with what was seen of them. What it cannot find out
// it leaves for the next time.
func (w *watcher) look(ctx context.Context) {
	var list control.AppList
	if err := w.edge.commands.Do(ctx, &control.ListApps{}, &list); err != nil {
		if ctx.Err() == nil {
			w.edge.log.DebugContext(ctx, "statuses are not known", "error", err)
		}
		return
	}
	first := w.seen == nil
	if first {
		w.seen = make(map[lattice.AppName]*seen, len(list.Apps))
	}
	there := make(map[lattice.AppName]bool, len(list.Apps))
	for i := range list.Apps {
		now := &list.Apps[i]
		there[now.App] = true
		before := w.seen[now.App]
		if before == nil {
			before = &seen{}
			if first {
				before.summary.Deployed = now.Deployed // it is no news
			}
			w.seen[now.App] = before
		}
		w.compare(ctx, before, now)
	}
	for _, app := range slices.Sorted(maps.Keys(w.seen)) {
		if there[app] {
			continue
		}
		if w.seen[app].summary.Deployed != "" {
			w.unpublished(ctx, app)
		}
		w.tell(ctx, app, newStatus(statusInfo{Type: typeUndeployed}), w.seen[app])
		delete(w.seen, app)
	}
}

func (w *watcher) compare(ctx context.Context, before *seen, now *control.AppSummary) {
	deployed := before.summary.Deployed
	switch {
	case deployed == now.Deployed:
	case now.Deployed == "":
		w.unpublished(ctx, now.App)
	case !w.published(ctx, now.App, now.Deployed):
		return
	}
	before.summary.Deployed = now.Deployed
	if before.status != nil && before.summary == *now && now.Phase == control.AppReady {
		return
	}
	var s control.AppStatus
	if err := w.edge.commands.Do(ctx, &control.AppStatusOf{App: now.App}, &s); err != nil {
		return
	}
	before.summary = *now
	w.tell(ctx, now.App, statusOf(&s), before)
}

// tell publishes a status that is another than the last.
func (w *watcher) tell(ctx context.Context, app lattice.AppName, s status, last *seen) {
	text, err := json.Marshal(s)
	if err != nil || bytes.Equal(text, last.status) {
		return
	}
	err = w.edge.lattice.Publish(&lattice.Message{Subject: statusSubject(w.edge.name) + string(app), Data: text})
	if err != nil {
		w.edge.log.WarnContext(ctx, "status is lost", "error", err)
		return
	}
	last.status = text
}

func statusSubject(name lattice.Name) string { return "wadm.status." + string(name) + "." }
func eventSubject(name lattice.Name) string  { return "wadm.evt." + string(name) + "." }

// published says that a version is deployed. It is false if that could not be said.
func (w *watcher) published(ctx context.Context, app lattice.AppName, version string) bool {
	text, err := w.edge.manifestOf(ctx, app, version)
	if err != nil {
		return false
	}
	w.emit(ctx, "manifest_published", text)
	return true
}

func (w *watcher) unpublished(ctx context.Context, app lattice.AppName) {
	text, err := json.Marshal(map[string]string{"name": string(app)})
	if err != nil {
		return
	}
	w.emit(ctx, "manifest_unpublished", text)
}

func (w *watcher) emit(ctx context.Context, name string, data json.RawMessage) {
	e := w.edge
	text, err := json.Marshal(event{
		SpecVersion: "1.0", ID: e.opts.NewID(), Source: "wadm", Type: "com.wadm." + name,
		Time: e.opts.Now().UTC(), DataContentType: "application/json", Data: data,
	})
	if err == nil {
		err = e.lattice.Publish(&lattice.Message{Subject: eventSubject(e.name) + name, Data: text})
	}
	if err != nil {
		e.log.WarnContext(ctx, "event is lost", "error", err)
	}
}
