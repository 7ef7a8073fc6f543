package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
)

// Dates have the year of astronomers: that before year 1 is year 0, which is 1 BC in
// PostgreSQL.

const (
	infinity = "infinity"
	bc       = " BC"
)

// dayOf returns the text of a day without its era, and the era.
func dayOf(d Date) (day, era string, err error) {
	year, month, dom := int64(d.Ymd.V0), d.Ymd.V1, d.Ymd.V2
	if month < 1 || month > 12 || dom < 1 || dom > 31 || year < -4713 || year > 5874897 {
		return "", "", fmt.Errorf("%d-%d-%d is not a day from the year -4713 to 5874897", year, month, dom)
	}
	if year < 1 {
		year, era = 1-year, bc
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, dom), era, nil
}

func encodeDate(d Date) (string, error) {
	switch d.Tag {
	case DatePositiveInfinity:
		return infinity, nil
	case DateNegativeInfinity:
		return "-" + infinity, nil
	}
	day, era, err := dayOf(d)
	return day + era, err
}

// encodeInterval encodes what wasmcloud:postgres calls an interval: a range of days.
func encodeInterval(v Interval) (string, error) {
	start, err := encodeDate(v.Start)
	if err != nil {
		return "", err
	}
	end, err := encodeDate(v.End)
	left, right := "(", ")"
	if v.StartInclusive {
		left = "["
	}
	if v.EndInclusive {
		right = "]"
	}
	return left + start + "," + end + right, err
}

func encodeTime(t Time) (string, error) {
	if t.Hour > 24 || t.Min > 59 || t.Sec > 60 || t.Micro > 999_999 {
		return "", fmt.Errorf("%d:%d:%d and %d microseconds is not a time", t.Hour, t.Min, t.Sec, t.Micro)
	}
	return fmt.Sprintf("%02d:%02d:%02d.%06d", t.Hour, t.Min, t.Sec, t.Micro), nil
}

func encodeTimeTz(t TimeTz) (string, error) {
	clock, err := encodeTime(t.Time)
	zone := t.Timesonze
	if zone != "" && zone[0] != '+' && zone[0] != '-' {
		zone = " " + zone // it is a name
	}
	return clock + zone, err
}

func encodeTimestamp(t Timestamp) (string, error) { return encodeInstant(t, "") }

func encodeInstant(t Timestamp, zone string) (string, error) {
	if t.Date.Tag != DateYmd {
		return encodeDate(t.Date)
	}
	day, era, err := dayOf(t.Date)
	if err != nil {
		return "", err
	}
	clock, err := encodeTime(t.Time)
	return day + " " + clock + zone + era, err
}

func encodeTimestampTz(t TimestampTz) (string, error) {
	secs := int64(t.Offset.EasternHemisphereSecs)
	if t.Offset.Tag == OffsetWesternHemisphereSecs {
		secs = -int64(t.Offset.WesternHemisphereSecs)
	}
	sign := "+"
	if secs < 0 {
		sign, secs = "-", -secs
	}
	if secs >= 16*3600 {
		return "", fmt.Errorf("an offset of %d seconds is too large", secs)
	}
	return encodeInstant(t.Timestamp, fmt.Sprintf("%s%02d:%02d:%02d", sign, secs/3600, secs/60%60, secs%60))
}

var errTime = errors.New("it is not written as ISO 8601 has it: the settings of the session were changed")

// digits reads a number of so many digits at least.
func digits(s string, least int) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || len(s) < least {
		return 0, errTime
	}
	return uint32(n), nil
}

func decodeDate(s string) (Date, error) {
	switch s {
	case infinity:
		return Date{Tag: DatePositiveInfinity}, nil
	case "-" + infinity:
		return Date{Tag: DateNegativeInfinity}, nil
	}
	s, before := strings.CutSuffix(s, bc)
	fields := strings.Split(s, "-")
	if len(fields) != 3 {
		return Date{}, errTime
	}
	year, err1 := digits(fields[0], 4)
	month, err2 := digits(fields[1], 2)
	day, err3 := digits(fields[2], 2)
	if err := errors.Join(err1, err2, err3); err != nil || year > 5874897 {
		return Date{}, errTime
	}
	y := int32(year) //nolint:gosec // it is bounded above
	if before {
		y = 1 - y
	}
	return Date{Tag: DateYmd, Ymd: component.Tuple3[int32, uint32, uint32]{V0: y, V1: month, V2: day}}, nil
}

func decodeTime(s string) (t Time, err error) {
	s, fraction, _ := strings.Cut(s, ".")
	fields := strings.Split(s, ":")
	if len(fields) != 3 || len(fraction) > 6 {
		return t, errTime
	}
	for i, to := range []*uint32{&t.Hour, &t.Min, &t.Sec} {
		if *to, err = digits(fields[i], 2); err != nil {
			return t, err
		}
	}
	if fraction != "" {
		t.Micro, err = digits(fraction+"000000"[len(fraction):], 6)
	}
	return t, err
}

// cutZone splits a time from the offset after it.
func cutZone(s string) (clock, zone string, err error) {
	i := strings.LastIndexAny(s, "+-")
	if i < 0 {
		return "", "", errTime
	}
	return s[:i], s[i:], nil
}

func decodeTimeTz(s string) (TimeTz, error) {
	clock, zone, err := cutZone(s)
	if err != nil {
		return TimeTz{}, err
	}
	t, err := decodeTime(clock)
	return TimeTz{Timesonze: zone, Time: t}, err
}

func decodeTimestamp(s string) (Timestamp, error) {
	if strings.HasSuffix(s, infinity) {
		d, err := decodeDate(s)
		return Timestamp{Date: d}, err
	}
	rest, before := strings.CutSuffix(s, bc)
	day, clock, ok := strings.Cut(rest, " ")
	if !ok {
		return Timestamp{}, errTime
	}
	if before {
		day += bc
	}
	d, err := decodeDate(day)
	if err != nil {
		return Timestamp{}, err
	}
	t, err := decodeTime(clock)
	return Timestamp{Date: d, Time: t}, err
}

func decodeTimestampTz(s string) (TimestampTz, error) {
	if strings.HasSuffix(s, infinity) {
		t, err := decodeTimestamp(s)
		return TimestampTz{Timestamp: t}, err
	}
	rest, before := strings.CutSuffix(s, bc)
	instant, zone, err := cutZone(rest)
	if err != nil {
		return TimestampTz{}, err
	}
	if before {
		instant += bc
	}
	t, err := decodeTimestamp(instant)
	if err != nil {
		return TimestampTz{}, err
	}
	var secs int32
	for i, field := range strings.Split(zone[1:], ":") {
		n, err := digits(field, 2)
		if err != nil || i > 2 || n > 59 {
			return TimestampTz{}, errTime
		}
		secs += int32(n) * []int32{3600, 60, 1}[i] //nolint:gosec // it is bounded above
	}
	offset := Offset{Tag: OffsetEasternHemisphereSecs, EasternHemisphereSecs: secs}
	if zone[0] == '-' {
		offset = Offset{Tag: OffsetWesternHemisphereSecs, WesternHemisphereSecs: secs}
	}
	return TimestampTz{Timestamp: t, Offset: offset}, nil
}

// decodeInterval reads a range of days. A side without a bound is infinite.
func decodeInterval(s string) (Interval, error) {
	if s == "empty" {
		return Interval{}, errors.New("a range without days has no case")
	}
	start, end, ok := strings.Cut(s, ",")
	if !ok || len(start) < 1 || len(end) < 1 {
		return Interval{}, errTime
	}
	v := Interval{StartInclusive: start[0] == '[', EndInclusive: end[len(end)-1] == ']'}
	bound := func(s, none string) (Date, error) {
		if s = strings.Trim(s, `"`); s == "" {
			s = none
		}
		return decodeDate(s)
	}
	var err1, err2 error
	v.Start, err1 = bound(start[1:], "-"+infinity)
	v.End, err2 = bound(end[:len(end)-1], infinity)
	return v, errors.Join(err1, err2)
}
