package wadm

import (
	"strings"

	"github.com/wattle-dev/wattle/scheduler/control"
)

// The types of statuses.
const (
	typeWaiting     = "waiting"
	typeUndeployed  = "undeployed"
	typeReconciling = "reconciling"
	typeDeployed    = "deployed"
	typeFailed      = "failed"
	typeUnhealthy   = "unhealthy"
)

// typeOf is wadm's word for a phase.
func typeOf(p control.AppPhase) string {
	switch p {
	case control.AppReady:
		return typeDeployed
	case control.AppProgressing, control.AppCanary:
		return typeReconciling
	case control.AppDegraded:
		return typeUnhealthy
	case control.AppWaiting:
		return typeWaiting
	case control.AppFailed:
		return typeFailed
	case control.AppUndeployed:
	}
	return typeUndeployed
}

// kindOf is the kind of the scaler that a part of an application would have.
func kindOf(part string) string {
	switch part {
	case "link":
		return "LinkScaler"
	case "config":
		return "ConfigScaler"
	}
	return "SpreadScaler"
}

// statusOf has an application's status in the shape of wadm. Where nothing says why,
// the reasons of its parts do.
func statusOf(s *control.AppStatus) status {
	out := newStatus(statusInfo{typeOf(s.Phase), s.Reason})
	var reasons []string
	for i := range s.Parts {
		p := &s.Parts[i]
		name := p.ID
		if p.Kind == "link" {
			name = p.Name
		}
		out.Scalers = append(out.Scalers, scalerStatus{
			ID: p.Kind + "-" + p.ID, Kind: kindOf(p.Kind), Name: name, Info: statusInfo{typeOf(p.Phase), p.Reason},
		})
		if p.Reason != "" {
			reasons = append(reasons, p.Reason)
		}
	}
	if out.Info.Message == "" {
		out.Info.Message = strings.Join(reasons, ", ")
	}
	return out
}

func newStatus(info statusInfo) status {
	return status{Info: info, Components: []struct{}{}}
}

// summaryOf has an application in the shape that it has in lists, without its
// scalers.
func summaryOf(a *control.AppSummary) modelSummary {
	out := modelSummary{
		Name: string(a.App), Version: a.Newest, Status: typeOf(a.Phase), StatusMessage: &a.Reason,
		DetailedStatus: newStatus(statusInfo{typeOf(a.Phase), a.Reason}),
	}
	if a.Description != "" {
		out.Description = &a.Description
	}
	if a.Deployed != "" {
		out.DeployedVersion = &a.Deployed
	}
	if out.Status == typeWaiting { // which old clients do not know
		out.Status = typeUndeployed
	}
	return out
}
