//go:build !linux || !cgo

package onednn

import (
	"strings"
	"testing"
)

func TestOpenSaysWhatIsMissing(t *testing.T) {
	if _, err := Open("", 0, ""); err == nil || !strings.Contains(err.Error(), "cgo") {
		t.Errorf("the error should name cgo: %v", err)
	}
}
