// Package property checks properties of random values with rapid, and leaves no
// file behind: what fails prints the seed that draws it again (-rapid.seed).
package property

import (
	"flag"

	"pgregory.net/rapid"
)

// Check fails the test if a value is found that falsifies the property.
func Check(t rapid.TB, property func(*rapid.T)) {
	t.Helper()
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, property)
}
