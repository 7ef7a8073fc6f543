package wattlemcp

// Level says how much a log message matters.
type Level uint8

// The levels.
const (
	Debug Level = iota
	Info
	Notice
	Warning
	ErrorLevel
	Critical
	Alert
	Emergency
)
