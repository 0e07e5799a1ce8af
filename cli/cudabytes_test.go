//go:build cuda

package cli

import (
	"os"
	"strings"
	"testing"

	"example.org/demote/run"
)

// TestEmulatedBytes searches samples that are bytes on the device and on the CPU: the same list and score, with a
// scale inside the network, and with a division, for which the device has a table.
func TestEmulatedBytes(t *testing.T) {
	in := good(t)
	x, y := images(40)
	for i := range x {
		x[i] = float64(i * 37 % 256)
	}
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("|u1", x, 40, 1, 4, 4), "y": npy("<i8", y, 40)}))
	in.write(t, "calib.npz", npz(map[string][]byte{"x": npy("|u1", x[16:], 39, 1, 4, 4)}))
	for _, more := range [][]string{nil, {"--scale", "0.01", "--mean", "1.3"}, {"--scale", "0.01", "--std", "0.7"}} {
		var lists []string
		for _, device := range []string{"cpu", "cuda:0"} {
			out := t.TempDir() + "/run"
			got := alone(t, "shared=1", in.args(append([]string{"--device", device, "--out", out, "--metric", "agreement", "--target", "16bit-0.05"}, more...)...)...)
			if got.code != run.ExitFound && got.code != run.ExitUnreachable || !strings.Contains(got.out, "bit for bit, on every sample") {
				t.Fatalf("%v on %s: exit code %d, %s%s", more, device, got.code, got.out, got.err)
			}
			list, err := os.ReadFile(out + "/promotion.txt")
			if err != nil {
				t.Fatal(err)
			}
			_, mix, _ := strings.Cut(got.out, "the mix")
			mix, _, _ = strings.Cut(mix, "\n")
			lists = append(lists, string(list)+mix)
		}
		if lists[0] != lists[1] {
			t.Errorf("%v: %q on the CPU, %q on the device", more, lists[0], lists[1])
		}
	}
}
