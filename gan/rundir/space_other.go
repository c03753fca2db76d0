//go:build !(linux || darwin || freebsd)

package rundir

import "errors"

// Space is not told by this system.
func Space(dir string) (int64, error) { return 0, errors.ErrUnsupported }
