package lattice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
)

// TestCodes is that each code stands for one error, there and back, however it is
// wrapped.
func TestCodes(t *testing.T) {
	codes := lattice.Codes()
	for _, want := range []lattice.Code{
		lattice.CodeNotFound, lattice.CodeExists, lattice.CodeConflict, lattice.CodeInvalid, lattice.CodeDenied, lattice.CodeExhausted,
		lattice.CodeUnavailable, lattice.CodeTrapped, lattice.CodeInternal, lattice.CodeDeadline, lattice.CodeCanceled,
	} {
		if !slices.Contains(codes, want) {
			t.Errorf("Codes() lacks %q", want)
		}
	}
	seen := map[error]lattice.Code{}
	for _, code := range codes {
		sentinel := code.Sentinel()
		if other, ok := seen[sentinel]; ok {
			t.Errorf("%q and %q have the same error", code, other)
		}
		seen[sentinel] = code
		remote := &lattice.Error{Code: code, Message: "it says why"}
		for _, err := range []error{
			sentinel, fmt.Errorf("call %q: %w", "cart", sentinel), errors.Join(io.EOF, sentinel),
			remote, fmt.Errorf("call %q: %w", "cart", remote),
		} {
			if got := lattice.CodeOf(err); got != code {
				t.Errorf("CodeOf(%v) = %q, want %q", err, got, code)
			}
			for _, other := range codes {
				if got, want := errors.Is(err, other.Sentinel()), other == code; got != want {
					t.Errorf("errors.Is(%v, %v) = %v, want %v", err, other.Sentinel(), got, want)
				}
			}
		}
	}
	if len(seen) != len(codes) {
		t.Errorf("%d errors for %d codes", len(seen), len(codes))
	}
}

func TestCodeOfOthers(t *testing.T) {
	if got := lattice.CodeOf(io.EOF); got != lattice.CodeInternal {
		t.Errorf("CodeOf(io.EOF) = %q, want internal", got)
	}
	if got := lattice.Code("of a newer version").Sentinel(); !errors.Is(got, lattice.ErrInternal) {
		t.Errorf("the error of a code that is none is %v, want ErrInternal", got)
	}
	// The code that the far side gave counts more than what wraps it.
	err := fmt.Errorf("%w: %w", context.DeadlineExceeded, &lattice.Error{Code: lattice.CodeDenied})
	if got := lattice.CodeOf(err); got != lattice.CodeDenied {
		t.Errorf("CodeOf(%v) = %q, want denied", err, got)
	}
}

func TestError(t *testing.T) {
	err := &lattice.Error{Code: lattice.CodeUnavailable, Message: "draining", Host: hostID, Undelivered: true}
	if got, want := err.Error(), "host "+hostID[:9]+": draining"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got := (&lattice.Error{Message: "alone"}).Error(); got != "alone" {
		t.Errorf("Error() without a host = %q", got)
	}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{err, true},
		{fmt.Errorf("call: %w", err), true},
		{&lattice.Error{Code: lattice.CodeUnavailable}, false},
		{lattice.ErrUnavailable, false},
		{nil, false},
	} {
		if got := lattice.Undelivered(c.err); got != c.want {
			t.Errorf("Undelivered(%v) = %v, want %v", c.err, got, c.want)
		}
	}
}
