package devicetest_test

import (
	"fmt"
	"testing"

	"example.org/demote/backend/devicetest"
)

// TestReferenceConforms holds the reference to package device, with entries that take codes and with such that take
// values.
func TestReferenceConforms(t *testing.T) {
	for _, values := range []bool{false, true} {
		t.Run(fmt.Sprintf("values %v", values), func(t *testing.T) {
			kind := devicetest.Reference
			kind.Values = values
			devicetest.Run(t, devicetest.Subject{Kind: kind, Live: func() string {
				if n := devicetest.ReferenceLive(); n != 0 {
					return fmt.Sprintf("%d things", n)
				}
				return ""
			}})
		})
	}
}
