package prepare

import (
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
)

// TestDoublesWithoutProducts refuses doubles that multiply nothing for that, and those that do for their type.
func TestDoublesWithoutProducts(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"trees", "input x double\n y = TreeEnsemble(x)\n return y", "the network has none, only 1 TreeEnsemble"},
		{"a product", "input x double\n input w double\n y = MatMul(x, w)\n return y", "computes in DOUBLE"},
		{"a product in front of floats", "input x double\n input w double\n a = MatMul(x, w)\n b = Cast(a) to=1\n y = Softmax(b)\n return y", "computes in DOUBLE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, c.text)
			m.Graph().Output[0] = onnxtest.ValueInfo("y", ir.Double)
			if err := refuseHalf(m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want it to say %q", err, c.want)
			}
		})
	}
}
