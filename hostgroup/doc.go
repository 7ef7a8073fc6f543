// Package hostgroup decides about groups of hosts: who can be reached, and how a
// group is doing. It is pure: what it decides follows from the reports that it is
// given. The scheduler and whoever shows hosts to people ask it, so that they
// agree.
//
// # Time
//
// A host's clock says nothing about another's. How long a host has been silent is
// therefore measured by who reads its reports, from one that differed from the
// last to now, by a clock that does not jump; see [Member]. Times in reports are
// for people.
package hostgroup
