// Package configtest is how tests make configurations.
package configtest

import (
	"strings"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/systems"
)

// Text is the configuration of a file with this text, with settings key=value on
// top.
func Text(t testing.TB, text string, set ...string) *config.Config {
	t.Helper()
	return Of(t, systems.Schema(), text, set...)
}

// Of is Text of other systems than those that are shipped.
func Of(t testing.TB, schema *config.Schema, text string, set ...string) *config.Config {
	t.Helper()
	s, err := schema.Parse("test.toml", text)
	return resolve(t, s, err, set)
}

// Shipped is the shipped configuration of that name, with settings key=value on
// top.
func Shipped(t testing.TB, name string, set ...string) *config.Config {
	t.Helper()
	s, err := systems.Schema().Load(t.Context(), name)
	return resolve(t, s, err, set)
}

func resolve(t testing.TB, s *config.Settings, err error, set []string) *config.Config {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range set {
		key, value, _ := strings.Cut(kv, "=")
		if err := s.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
