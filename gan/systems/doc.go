// Package systems holds the tests that train whole systems until their
// published behaviour shows. They take minutes, so they are built with the tag
// systems only: make check-systems.
package systems
