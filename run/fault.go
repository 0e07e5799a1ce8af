package run

import (
	"errors"

	"example.org/demote/crash"
	"example.org/demote/internal/external"
)

// Explained is an error, or what it means where it is a fault of reading: external data that lie in a file which was
// cut short while it was mapped are a mistake of whoever cut it, not of this program. Such a fault ends a program
// that has not set debug.SetPanicOnFault in the goroutine that calls this package; here its own goroutines have it
// set.
func Explained(err error) error {
	var e *crash.Error
	if !errors.As(err, &e) {
		return err
	}
	if at, ok := e.Address(); ok {
		if changed := external.ChangedAt(at); changed != nil {
			return changed
		}
	}
	return err
}
