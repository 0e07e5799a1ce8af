package devicetest_test

import (
	"fmt"
	"testing"

	"example.org/demote/backend/devicetest"
)

func TestReferenceConforms(t *testing.T) {
	devicetest.Run(t, devicetest.Subject{Kind: devicetest.Reference, Live: func() string {
		if n := devicetest.ReferenceLive(); n != 0 {
			return fmt.Sprintf("%d things", n)
		}
		return ""
	}})
}
