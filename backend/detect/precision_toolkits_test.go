//go:build toolkits

package detect

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// TestCOCOItself draws other cases every time and has the real pycocotools judge them.
func TestCOCOItself(t *testing.T) {
	seed := fmt.Sprint(100 + rand.IntN(1e6))
	out, err := exec.Command("../../.venv-toolkits/bin/python", "../../scripts/metrics_coco.py", seed, "60").Output()
	if err != nil {
		t.Fatalf("metrics_coco.py %s: %v", seed, err)
	}
	t.Logf("seed %s", seed)
	checkCOCO(t, out)
}
