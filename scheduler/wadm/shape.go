package wadm

import (
	"encoding/json"
	"time"
)

// The shapes of wadm's API. Those of requests are decoded, and unknown fields in them
// ignored, as wadm does.

type versionRequest struct {
	Version *string `json:"version"`
}

// The values of result.
const (
	resultError        = "error"
	resultSuccess      = "success"
	resultNotFound     = "notfound"
	resultCreated      = "created"
	resultNewVersion   = "newversion"
	resultAcknowledged = "acknowledged"
	resultDeleted      = "deleted"
	resultNoop         = "noop"
	resultOK           = "ok"
)

type errorResponse struct {
	Result  string `json:"result"`
	Message string `json:"message"`
}

type putResponse struct {
	Result         string `json:"result"`
	TotalVersions  int    `json:"total_versions"`
	CurrentVersion string `json:"current_version"`
	Message        string `json:"message"`
	Name           string `json:"name"`
}

type getResponse struct {
	Result   string          `json:"result"`
	Message  string          `json:"message"`
	Manifest json.RawMessage `json:"manifest,omitempty"`
}

type listResponse struct {
	Result  string         `json:"result"`
	Message string         `json:"message"`
	Models  []modelSummary `json:"models"`
}

type modelSummary struct {
	Name            string  `json:"name"`
	Version         string  `json:"version"`
	Description     *string `json:"description"`
	DeployedVersion *string `json:"deployed_version"`
	DetailedStatus  status  `json:"detailed_status"`
	Status          string  `json:"status"`
	StatusMessage   *string `json:"status_message"`
}

type versionsResponse struct {
	Result   string        `json:"result"`
	Message  string        `json:"message"`
	Versions []versionInfo `json:"versions"`
}

type versionInfo struct {
	Version  string `json:"version"`
	Deployed bool   `json:"deployed"`
}

type deployResponse struct {
	Result  string  `json:"result"`
	Message string  `json:"message"`
	Name    string  `json:"name"`
	Version *string `json:"version"`
}

type deleteResponse struct {
	Result   string `json:"result"`
	Message  string `json:"message"`
	Undeploy bool   `json:"undeploy"`
}

type statusResponse struct {
	Result  string  `json:"result"`
	Message string  `json:"message"`
	Status  *status `json:"status,omitempty"`
}

type status struct {
	Info    statusInfo     `json:"status"`
	Scalers []scalerStatus `json:"scalers,omitempty"`
	// Version and Components are deprecated, and always empty.
	Version    string     `json:"version"`
	Components []struct{} `json:"components"`
}

type statusInfo struct {
	Type    string `json:"type"`
	Message string `json:"message,omitempty"`
}

type scalerStatus struct {
	ID   string     `json:"id"`
	Kind string     `json:"kind"`
	Name string     `json:"name"`
	Info statusInfo `json:"status"`
}

// event is a CloudEvent 1.0 in structured JSON.
type event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}
