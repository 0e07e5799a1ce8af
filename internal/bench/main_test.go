package bench

import (
	"testing"

	"example.org/demote/internal/tasktest"
)

func TestMain(m *testing.M) { tasktest.Main(m) }
