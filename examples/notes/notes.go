package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxNote bounds a note. The store has a bound of its own, which is that of its link.
const maxNote = 32 << 10

// notes is the handler.
type notes struct {
	// open opens the store for one request.
	open func() (store, error)
	// setting returns the setting of a name, empty if there is none.
	setting func(name string) (string, error)
	// transport makes requests, and denied says whether an error of it means that the
	// component may not make that one.
	transport http.RoundTripper
	denied    func(error) bool
	// page is the file with the template, and scratch a directory to write into.
	page, scratch string
}

// store keeps values by keys.
type store interface {
	Get(key string) (value []byte, ok bool, err error)
	Set(key string, value []byte) error
	Delete(key string) error
	Keys(cursor uint64) (keys []string, next uint64, err error)
	Drop()
}

// note is a text with a name.
type note struct {
	name string
	text []byte
}

func (n *notes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, err := n.open()
	if err != nil {
		http.Error(w, "open the store: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer s.Drop()
	mux := http.NewServeMux()
	on := func(pattern string, serve func(store, http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(s, w, r); err != nil {
				refuse(w, err)
			}
		})
	}
	on("GET /{$}", n.list)
	on("GET /export", n.export)
	on("GET /notes/{name}", n.get)
	on("PUT /notes/{name}", n.put)
	on("DELETE /notes/{name}", n.delete)
	on("POST /notes/{name}/publish", n.publish)
	mux.ServeHTTP(w, r)
}

// failure is an error with a status for the client.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if f := (*failure)(nil); errors.As(err, &f) {
		status = f.status
	}
	http.Error(w, err.Error(), status)
}

// list renders all notes into the template.
func (n *notes) list(s store, w http.ResponseWriter, _ *http.Request) error {
	template, err := os.ReadFile(n.page)
	if err != nil {
		return err
	}
	title, err := n.setting("title")
	if err != nil {
		return err
	}
	all, err := load(s)
	if err != nil {
		return err
	}
	var items strings.Builder
	for _, note := range all {
		fmt.Fprintf(&items, "<dt>%s</dt><dd>%s</dd>\n", html.EscapeString(note.name), html.EscapeString(string(note.text)))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = strings.NewReplacer("{title}", html.EscapeString(title), "{notes}", items.String()).WriteString(w, string(template))
	return err
}

// export answers with an archive of all notes. It is written to a file first, so that
// what fails is told, and the length is known, before the first byte is sent.
func (n *notes) export(s store, w http.ResponseWriter, _ *http.Request) error {
	all, err := load(s)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(n.scratch, "notes.zip"))
	if err != nil {
		return err
	}
	defer f.Close()
	archive := zip.NewWriter(f)
	for _, note := range all {
		entry, err := archive.Create(note.name + ".txt")
		if err != nil {
			return err
		}
		if _, err := entry.Write(note.text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, err = io.Copy(w, f)
	return err
}

func (n *notes) get(s store, w http.ResponseWriter, r *http.Request) error {
	found, err := find(s, r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write(found.text)
	return err
}

func (n *notes) put(s store, w http.ResponseWriter, r *http.Request) error {
	name, err := nameOf(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxNote+1))
	if err != nil {
		return err
	}
	if len(text) > maxNote {
		return &failure{http.StatusRequestEntityTooLarge, fmt.Sprintf("a note has at most %d bytes", maxNote)}
	}
	if err := s.Set(name, text); err != nil {
		return fmt.Errorf("store %q: %w", name, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (n *notes) delete(s store, w http.ResponseWriter, r *http.Request) error {
	name, err := nameOf(r)
	if err != nil {
		return err
	}
	if err := s.Delete(name); err != nil {
		return fmt.Errorf("delete %q: %w", name, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// publish posts a note to where the setting says. Who may do that is proved by a
// credential that the host adds: there is none in here.
func (n *notes) publish(s store, w http.ResponseWriter, r *http.Request) error {
	found, err := find(s, r)
	if err != nil {
		return err
	}
	to, err := n.setting("publish-to")
	if err != nil {
		return err
	}
	if to == "" {
		return &failure{http.StatusNotImplemented, "the setting publish-to says where, and is not there"}
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, to, strings.NewReader(string(found.text)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	response, err := n.transport.RoundTrip(request)
	if err != nil {
		status := http.StatusBadGateway
		if n.denied(err) {
			status = http.StatusForbidden
		}
		return &failure{status, fmt.Sprintf("publish %q: %v", found.name, err)}
	}
	defer response.Body.Close()
	fmt.Fprintf(w, "published %s: %d\n", found.name, response.StatusCode)
	return nil
}

// nameOf returns the name of the note that a request is about.
func nameOf(r *http.Request) (string, error) {
	name := r.PathValue("name")
	plain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
	}
	if len(name) > 64 || strings.ContainsFunc(name, func(c rune) bool { return !plain(c) }) {
		return "", &failure{http.StatusBadRequest, "a name has up to 64 letters, digits, - and _"}
	}
	return name, nil
}

// find returns the note that a request is about.
func find(s store, r *http.Request) (note, error) {
	name, err := nameOf(r)
	if err != nil {
		return note{}, err
	}
	text, ok, err := s.Get(name)
	switch {
	case err != nil:
		return note{}, fmt.Errorf("get %q: %w", name, err)
	case !ok:
		return note{}, &failure{http.StatusNotFound, fmt.Sprintf("there is no note %q", name)}
	}
	return note{name, text}, nil
}

// load returns all notes, by name.
func load(s store) ([]note, error) {
	var names []string
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		page, next, err := s.Keys(cursor)
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		names, cursor = append(names, page...), next
	}
	slices.Sort(names)
	var all []note
	for _, name := range slices.Compact(names) {
		text, ok, err := s.Get(name)
		if err != nil {
			return nil, fmt.Errorf("get %q: %w", name, err)
		}
		if ok { // or it was deleted meanwhile
			all = append(all, note{name, text})
		}
	}
	return all, nil
}
