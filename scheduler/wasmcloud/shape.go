package wasmcloud

import (
	"encoding/json"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// The JSON forms of wasmCloud's control interface. What may be absent has
// omitempty; lists and maps that may not are never nil.

type envelope struct {
	Success  bool   `json:"success"`
	Message  string `json:"message"`
	Response any    `json:"response,omitempty"`
}

type hostShape struct {
	ID            string            `json:"id"`
	FriendlyName  string            `json:"friendly_name"`
	Labels        map[string]string `json:"labels"`
	Lattice       string            `json:"lattice"`
	UptimeSeconds uint64            `json:"uptime_seconds"`
	UptimeHuman   string            `json:"uptime_human"`
	Version       string            `json:"version"`
}

type inventoryShape struct {
	HostID        string            `json:"host_id"`
	FriendlyName  string            `json:"friendly_name"`
	Labels        map[string]string `json:"labels"`
	Version       string            `json:"version"`
	UptimeHuman   string            `json:"uptime_human"`
	UptimeSeconds uint64            `json:"uptime_seconds"`
	Components    []componentShape  `json:"components"`
	Providers     []providerShape   `json:"providers"`
}

type componentShape struct {
	ID           string            `json:"id"`
	ImageRef     string            `json:"image_ref"`
	Name         string            `json:"name,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	Revision     uint64            `json:"revision"`
	MaxInstances int               `json:"max_instances"`
	Limits       map[string]string `json:"limits"`
}

type providerShape struct {
	ID       string `json:"id"`
	ImageRef string `json:"image_ref,omitempty"`
	Name     string `json:"name,omitempty"`
	Revision uint64 `json:"revision"`
}

type scaleRequest struct {
	HostID       string            `json:"host_id"`
	ComponentRef string            `json:"component_ref"`
	ComponentID  string            `json:"component_id"`
	Annotations  map[string]string `json:"annotations"`
	Count        *uint32           `json:"count"`
	MaxInstances *uint32           `json:"max_instances"` // the older name of count
	Limits       map[string]string `json:"component_limits"`
	Config       []string          `json:"config"`
	AllowUpdate  bool              `json:"allow_update"`
}

type updateRequest struct {
	HostID          string            `json:"host_id"`
	ComponentID     string            `json:"component_id"`
	NewComponentRef string            `json:"new_component_ref"`
	Annotations     map[string]string `json:"annotations"`
}

type stopHostRequest struct {
	HostID  string  `json:"host_id"`
	Timeout *uint64 `json:"timeout"` // in milliseconds
}

type componentAuction struct {
	ComponentRef string            `json:"component_ref"`
	ComponentID  string            `json:"component_id"`
	Constraints  map[string]string `json:"constraints"`
}

type componentBid struct {
	componentAuction
	HostID string `json:"host_id"`
}

type linkShape struct {
	SourceID     string   `json:"source_id"`
	Target       string   `json:"target"`
	Name         string   `json:"name"`
	Namespace    string   `json:"wit_namespace"`
	Package      string   `json:"wit_package"`
	Interfaces   []string `json:"interfaces"`
	SourceConfig []string `json:"source_config"`
	TargetConfig []string `json:"target_config"`
}

type unlinkShape struct {
	SourceID  string `json:"source_id"`
	Name      string `json:"name"`
	Namespace string `json:"wit_namespace"`
	Package   string `json:"wit_package"`
}

type labelRequest struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// event is a CloudEvent with exactly the attributes that wasmCloud's have.
type event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

type hostStarted struct {
	FriendlyName  string            `json:"friendly_name"`
	Labels        map[string]string `json:"labels"`
	UptimeSeconds uint64            `json:"uptime_seconds"`
	Version       string            `json:"version"`
}

type hostStopped struct {
	Labels map[string]string `json:"labels"`
}

type labelsChanged struct {
	HostID string            `json:"host_id"`
	Labels map[string]string `json:"labels"`
}

type scaled struct {
	HostID       string            `json:"host_id"`
	ComponentID  string            `json:"component_id"`
	ImageRef     string            `json:"image_ref"`
	MaxInstances int               `json:"max_instances"`
	Annotations  map[string]string `json:"annotations"`
	Error        string            `json:"error,omitempty"`
}

type linkFailed struct {
	linkShape
	Error string `json:"error"`
}

type configChanged struct {
	ConfigName string `json:"config_name"`
}

// data of the mirror.
type componentMirror struct {
	URL   string      `json:"url"`
	Links []linkShape `json:"links"`
}

func shapeOf(l *lattice.Link) linkShape {
	return linkShape{
		SourceID: string(l.Source), Target: l.Target, Name: string(l.Name), Namespace: l.Namespace, Package: l.Package,
		Interfaces: texts(l.Interfaces), SourceConfig: texts(l.SourceConfig), TargetConfig: texts(l.TargetConfig),
	}
}

// texts returns a list that is not nil.
func texts[T ~string](names []T) []string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = string(n)
	}
	return list
}

func configNames(names []string) []lattice.ConfigName {
	list := make([]lattice.ConfigName, len(names))
	for i, n := range names {
		list[i] = lattice.ConfigName(n)
	}
	return list
}

// filled returns a map that is not nil.
func filled(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
