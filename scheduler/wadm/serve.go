package wadm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// by is who applications are changed by, for their history.
const by = "wadm API"

// latest is a version that clients ask for and no version is called.
const latest = "latest"

// serve answers a request.
func (e *Edge) serve(ctx context.Context, m *lattice.Message) {
	e.answer(ctx, m, e.handle(ctx, m))
}

// handle returns the answer to a request.
func (e *Edge) handle(ctx context.Context, m *lattice.Message) any {
	tokens := strings.Split(strings.TrimPrefix(m.Subject, e.subject), ".")
	if len(tokens) < 2 || len(tokens) > 3 || tokens[0] != "model" {
		return fail("Unsupported subject: %s", m.Subject)
	}
	op := tokens[1]
	if len(tokens) == 2 {
		switch op {
		case "put":
			return e.put(ctx, m)
		case "get":
			models, err := e.list(ctx)
			if err != nil {
				return failed(err)
			}
			return listResponse{resultSuccess, "Successfully fetched list of applications", models}
		case "list":
			models, err := e.list(ctx)
			if err != nil {
				return failed(err)
			}
			return models
		}
		return fail("Unsupported subject: %s", m.Subject)
	}
	var do func(ctx context.Context, app lattice.AppName, version *string) any
	switch op {
	case "get":
		do = e.get
	case "versions":
		do = e.versions
	case "deploy":
		do = e.deploy
	case "undeploy":
		do = e.undeploy
	case "del":
		do = e.remove
	case "status":
		do = e.status
	case "history":
		return fail("Model deployment history is not part of this API: `wattle app history %s` tells", tokens[2])
	default:
		return fail("Unsupported subject: %s", m.Subject)
	}
	app, err := lattice.ParseAppName(tokens[2])
	if err != nil {
		return failed(err)
	}
	var request versionRequest
	if len(m.Data) > 0 {
		if err := json.Unmarshal(m.Data, &request); err != nil {
			return fail("Unable to parse %s application request: %v", op, err)
		}
	}
	if v := request.Version; v != nil && (*v == "" || *v == latest) {
		request.Version = nil
	}
	return do(ctx, app, request.Version)
}

// errors of the scheduler are told as they are.
func failed(err error) errorResponse { return errorResponse{resultError, err.Error()} }

func fail(format string, args ...any) errorResponse {
	return errorResponse{resultError, fmt.Sprintf(format, args...)}
}

// fieldEdge is a field of answers that says that they are not wadm's.
const fieldEdge = "Wattle-Edge"

func (e *Edge) answer(ctx context.Context, m *lattice.Message, body any) {
	text, err := json.Marshal(body)
	if err == nil && len(text) > e.lattice.MaxPayload()-1024 {
		text, err = json.Marshal(fail("the answer has %d bytes, more than a message may have", len(text)))
	}
	if err == nil {
		err = e.lattice.Publish(&lattice.Message{Subject: m.Reply, Header: lattice.Header{fieldEdge: {string(e.name)}}, Data: text})
	}
	if err != nil {
		e.log.WarnContext(ctx, "answer is lost", "subject", m.Subject, "error", err)
	}
}

// put stores a manifest.
func (e *Edge) put(ctx context.Context, m *lattice.Message) any {
	switch contentType := m.Header.Get("Content-Type"); contentType {
	case "", "application/json", "application/yaml":
	default:
		return fail("Unsupported content type %.80s given. Wadm supports YAML and JSON", contentType)
	}
	parsed, err := manifest.Parse("", m.Data)
	if err != nil {
		return fail("Unable to parse manifest: %v", err)
	}
	digests, notes := e.fetch(ctx, parsed)
	var r control.AppResult
	if err := e.commands.Do(ctx, &control.PutApp{Manifest: string(m.Data), Digests: digests, By: by}, &r); err != nil {
		return failed(err)
	}
	r.Notes = append(r.Notes, notes...)
	if parsed.Version != "" && !r.NewVersion && !r.Created {
		return fail("Manifest version %s already exists", parsed.Version)
	}
	e.changed()
	out := putResponse{Result: resultNewVersion, TotalVersions: r.Versions, CurrentVersion: r.Version, Name: string(r.App)}
	if r.Created {
		out.Result = resultCreated
	}
	out.Message = strings.Join(append([]string{fmt.Sprintf("Successfully put manifest %s %s", r.App, r.Version)}, r.Notes...), "; ")
	return out
}

// fetch brings the images of a manifest into the lattice. What cannot be fetched is said:
// a deployment fails then, unless the scheduler knows the image.
func (e *Edge) fetch(ctx context.Context, m *manifest.Manifest) (digests map[string]string, notes []string) {
	if e.opts.Fetch == nil {
		return nil, nil
	}
	digests = map[string]string{}
	for i := range m.Components {
		image := m.Components[i].Image
		if image == "" || digests[image] != "" {
			continue
		}
		digest, err := e.opts.Fetch(ctx, image)
		switch {
		case err != nil:
			e.log.WarnContext(ctx, "image not fetched", "component", m.Components[i].Name, "error", err)
			notes = append(notes, err.Error())
		case digest != "":
			digests[image] = digest
		}
	}
	return digests, notes
}

func (e *Edge) list(ctx context.Context) ([]modelSummary, error) {
	var list control.AppList
	if err := e.commands.Do(ctx, &control.ListApps{}, &list); err != nil {
		return nil, err
	}
	models := make([]modelSummary, len(list.Apps))
	for i := range list.Apps {
		models[i] = summaryOf(&list.Apps[i])
	}
	return models, nil
}

// find returns an application, and nil if there is none.
func (e *Edge) find(ctx context.Context, app lattice.AppName) (*control.AppVersion, error) {
	var v control.AppVersion
	err := e.commands.Do(ctx, &control.GetApp{App: app}, &v)
	switch {
	case errors.Is(err, lattice.ErrNotFound):
		return nil, nil //nolint:nilnil // absence is an answer of the API and no error
	case err != nil:
		return nil, err
	case len(v.Versions) == 0:
		return nil, fmt.Errorf("application %q has no versions: %w", app, lattice.ErrInternal)
	}
	return &v, nil
}

func has(app *control.AppVersion, version string) bool {
	return slices.ContainsFunc(app.Versions, func(v control.VersionSummary) bool { return v.Version == version })
}

// manifestOf returns the manifest of a version as wadm has it.
func (e *Edge) manifestOf(ctx context.Context, app lattice.AppName, version string) (json.RawMessage, error) {
	var v control.AppVersion
	if err := e.commands.Do(ctx, &control.GetApp{App: app, Version: version}, &v); err != nil {
		return nil, err
	}
	m, err := manifest.Parse("", []byte(v.Manifest))
	if err != nil {
		return nil, err
	}
	return m.JSON(v.Version)
}

func (e *Edge) get(ctx context.Context, app lattice.AppName, version *string) any {
	have, err := e.find(ctx, app)
	switch {
	case err != nil:
		return failed(err)
	case have == nil:
		return getResponse{Result: resultNotFound, Message: notFound(app)}
	case version != nil && !has(have, *version):
		return getResponse{Result: resultNotFound, Message: fmt.Sprintf("Application %s with version %s doesn't exist", app, *version)}
	}
	message := fmt.Sprintf("Successfully fetched application %s", app)
	wanted := have.Versions[len(have.Versions)-1].Version
	if version != nil {
		wanted = *version
		message += " " + wanted
	}
	text, err := e.manifestOf(ctx, app, wanted)
	if err != nil {
		return failed(err)
	}
	return getResponse{resultSuccess, message, text}
}

func notFound(app lattice.AppName) string {
	return fmt.Sprintf("Application with the name %s not found", app)
}

func (e *Edge) versions(ctx context.Context, app lattice.AppName, _ *string) any {
	have, err := e.find(ctx, app)
	switch {
	case err != nil:
		return failed(err)
	case have == nil:
		return versionsResponse{resultNotFound, notFound(app), []versionInfo{}}
	}
	out := versionsResponse{resultSuccess, fmt.Sprintf("Successfully fetched versions for application %s", app), make([]versionInfo, len(have.Versions))}
	for i, v := range have.Versions {
		out.Versions[i] = versionInfo{v.Version, v.Deployed}
	}
	return out
}

func (e *Edge) deploy(ctx context.Context, app lattice.AppName, version *string) any {
	out := deployResponse{Name: string(app), Version: version}
	have, err := e.find(ctx, app)
	cmd := &control.DeployApp{App: app, By: by}
	switch {
	case err != nil:
		return failed(err)
	case have == nil:
		out.Result, out.Message = resultNotFound, notFound(app)
		return out
	case version != nil && !has(have, *version):
		out.Result, out.Message = resultError, fmt.Sprintf("Application with the name '%s' does not have a version '%s' to deploy", app, *version)
		return out
	case version != nil:
		cmd.Version = *version
	}
	var r control.AppResult
	if err := e.commands.Do(ctx, cmd, &r); err != nil {
		out.Result, out.Message = resultError, err.Error()
		return out
	}
	e.changed()
	out.Result, out.Version = resultAcknowledged, &r.Version
	out.Message = strings.Join(append([]string{fmt.Sprintf("Successfully deployed application %s %s", app, r.Version)}, r.Notes...), "; ")
	return out
}

func (e *Edge) undeploy(ctx context.Context, app lattice.AppName, _ *string) any {
	out := deployResponse{Name: string(app), Result: resultAcknowledged}
	have, err := e.find(ctx, app)
	switch {
	case err != nil:
		return failed(err)
	case have == nil:
		out.Result, out.Message = resultNotFound, notFound(app)
		return out
	case !have.Deployed: // without a version GetApp has the one that is deployed
		out.Message = fmt.Sprintf("Application %s was already undeployed", app)
		return out
	}
	if err := e.commands.Do(ctx, &control.UndeployApp{App: app, By: by}, &control.AppResult{}); err != nil {
		out.Result, out.Message = resultError, err.Error()
		return out
	}
	e.changed()
	out.Message = fmt.Sprintf("Successfully undeployed application %s", app)
	return out
}

func (e *Edge) remove(ctx context.Context, app lattice.AppName, version *string) any {
	have, err := e.find(ctx, app)
	cmd := &control.DeleteApp{App: app, By: by}
	out := deleteResponse{Result: resultDeleted, Message: fmt.Sprintf("Successfully deleted application %s", app), Undeploy: true}
	switch {
	case err != nil:
		return failed(err)
	case have == nil:
		return deleteResponse{Result: resultNoop, Message: fmt.Sprintf("Application %s doesn't exist or was already deleted", app)}
	case version != nil && !has(have, *version):
		return deleteResponse{Result: resultNoop, Message: fmt.Sprintf("Application version %s doesn't exist", *version)}
	case version != nil && len(have.Versions) == 1:
		cmd.Version, out.Message = *version, fmt.Sprintf("Successfully deleted last version of application %s", app)
	case version != nil:
		cmd.Version, out.Message = *version, fmt.Sprintf("Successfully deleted version %s of application %s", *version, app)
		out.Undeploy = have.Deployed && have.Version == *version
	}
	if err := e.commands.Do(ctx, cmd, &control.AppResult{}); err != nil {
		return deleteResponse{Result: resultError, Message: err.Error()}
	}
	e.changed()
	return out
}

func (e *Edge) status(ctx context.Context, app lattice.AppName, _ *string) any {
	var s control.AppStatus
	out := newStatus(statusInfo{Type: typeUndeployed})
	switch err := e.commands.Do(ctx, &control.AppStatusOf{App: app}, &s); {
	case err == nil:
		out = statusOf(&s)
	case !errors.Is(err, lattice.ErrNotFound):
		return failed(err)
	}
	return statusResponse{resultOK, fmt.Sprintf("Successfully fetched status for application %s", app), &out}
}
