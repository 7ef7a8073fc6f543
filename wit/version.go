package wit

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Version is a semantic version, as semver.org defines it in version 2.0.0.
type Version struct {
	Major, Minor, Patch uint64
	// Pre is the pre-release, without "-"; Build is the build metadata, without
	// "+".
	Pre, Build string
}

// MaxVersionLen bounds a version, in bytes.
const MaxVersionLen = 256

// ParseVersion parses a semantic version, such as "0.2.6" or "1.0.0-rc.1+b5".
func ParseVersion(s string) (Version, error) {
	v, err := parseVersion(s)
	if err != nil {
		return Version{}, fmt.Errorf("version %q: %w", clip(s), err)
	}
	return v, nil
}

func parseVersion(s string) (v Version, err error) {
	if len(s) > MaxVersionLen {
		return v, fmt.Errorf("is longer than %d bytes", MaxVersionLen)
	}
	core, build, hasBuild := strings.Cut(s, "+")
	core, pre, hasPre := strings.Cut(core, "-")
	numbers := strings.Split(core, ".")
	if len(numbers) != 3 {
		return v, errors.New(`is not of the form "major.minor.patch"`)
	}
	for i, to := range []*uint64{&v.Major, &v.Minor, &v.Patch} {
		if *to, err = parseNumber(numbers[i]); err != nil {
			return v, err
		}
	}
	if hasPre {
		if err := checkDotted("pre-release", pre, true); err != nil {
			return v, err
		}
	}
	if hasBuild {
		if err := checkDotted("build metadata", build, false); err != nil {
			return v, err
		}
	}
	v.Pre, v.Build = pre, build
	return v, nil
}

func parseNumber(s string) (uint64, error) {
	if !digits(s) {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	if len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("number %q has a leading zero", s)
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("number %q is too large", s)
	}
	return n, nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// checkDotted checks a list of identifiers separated by dots. Leading zeros are
// forbidden in the numbers of a pre-release, which are compared, and allowed in
// build metadata.
func checkDotted(what, s string, compared bool) error {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" {
			return fmt.Errorf("%s %q has an empty identifier", what, s)
		}
		for _, c := range []byte(id) {
			if !isLetter(c) && (c < '0' || c > '9') && c != '-' {
				return fmt.Errorf("%s %q contains %q", what, s, c)
			}
		}
		if compared && digits(id) && len(id) > 1 && id[0] == '0' {
			return fmt.Errorf("%s %q has a leading zero in %q", what, s, id)
		}
	}
	return nil
}

// String returns the version as it was parsed.
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		s += "-" + v.Pre
	}
	if v.Build != "" {
		s += "+" + v.Build
	}
	return s
}

// Compare orders versions by precedence (semver.org, section 11): it returns
// -1, 0 or +1. Build metadata does not count.
func (v Version) Compare(w Version) int {
	return cmp.Or(
		cmp.Compare(v.Major, w.Major),
		cmp.Compare(v.Minor, w.Minor),
		cmp.Compare(v.Patch, w.Patch),
		comparePre(v.Pre, w.Pre),
	)
}

func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, y := as[i], bs[i]
		var c int
		switch dx, dy := digits(x), digits(y); {
		case dx && dy:
			// Without leading zeros, the longer number is the larger one.
			c = cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
		case dx:
			c = -1
		case dy:
			c = 1
		default:
			c = cmp.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// Track returns the track of the version, a string that is equal for two
// versions if and only if they may stand for each other: the major version, or
// if that is zero the minor, or if that is zero too the patch ("1", "0.2",
// "0.0.3"), as the canonversion of the explainer has it. A pre-release promises
// nothing to anybody and is on a track of its own.
func (v Version) Track() string {
	switch {
	case v.Pre != "":
		v.Build = ""
		return v.String()
	case v.Major > 0:
		return strconv.FormatUint(v.Major, 10)
	case v.Minor > 0:
		return "0." + strconv.FormatUint(v.Minor, 10)
	default:
		return "0.0." + strconv.FormatUint(v.Patch, 10)
	}
}

// Track returns the track of a version as an interface name has it. A canonical
// version ("0.2") and the empty version are their own track, and so is what is
// no version at all.
func Track(version string) string {
	v, err := ParseVersion(version)
	if err != nil {
		return version
	}
	return v.Track()
}

// checkVersion accepts what may follow "@" in an interface name: a semantic
// version, or a canonversion.
func checkVersion(s string) error {
	if isCanonVersion(s) {
		return nil
	}
	_, err := ParseVersion(s)
	return err
}

// isCanonVersion reports whether s matches the explainer's canonversion.
func isCanonVersion(s string) bool {
	parts := strings.Split(clip(s), ".")
	for i, p := range parts {
		if _, err := parseNumber(p); err != nil {
			return false
		}
		if last := i == len(parts)-1; last == (p == "0") && s != "0.0.0" {
			return false
		}
	}
	return len(parts) <= 3
}
