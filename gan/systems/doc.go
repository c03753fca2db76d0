// Package systems holds the systems: one file each, which declares the keys of its
// configuration and what they mean, and says which networks they make. Schema is the
// configuration of all of them.
//
// Its tests with the tag systems train whole systems until their published behaviour
// shows. They take minutes: make check-systems.
package systems
