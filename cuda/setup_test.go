//go:build cuda

package cuda_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/cuda"
)

// TestSetupChoosesByTheDriver runs what `make setup-cuda` asks which CUDA it is to bring.
func TestSetupChoosesByTheDriver(t *testing.T) {
	var cases []string
	var wants [][2]string
	for _, c := range []struct{ driver, wanted, cuda, said string }{
		{"580.65.06", "", "13", "the NVIDIA driver is 580.65.06"},
		{"595.10", "", "13", ""},
		{"579.99", "", "12", ""},
		{"525.60.13", "", "12", ""},
		{"none", "", "12", "there is no NVIDIA driver here"},
		{"none", "13", "13", ""},
		{"595.10", "12", "12", ""},
		{"575.57.08", "13", "", "the NVIDIA driver 575.57.08 is too old for CUDA 13: install driver 580 or newer, or type CUDA=12"},
		{"470.256.02", "", "", "the NVIDIA driver 470.256.02 is too old for CUDA 12: install driver 525 or newer"},
		{"580.65.06", "11", "", "CUDA=11 is not known: type CUDA=13 or CUDA=12"},
		{"Rel 1", "", "", "is not understood: type CUDA=13 for driver 580 and newer, else CUDA=12"},
	} {
		cases = append(cases, c.driver, c.wanted)
		wants = append(wants, [2]string{c.cuda, c.said})
	}
	const script = `
import sys
sys.path.insert(0, "setup")
import driver
for told, wanted in zip(sys.argv[1::2], sys.argv[2::2]):
    driver.os.environ["DEMOTE_DRIVER"] = told
    try:
        print("%s\t%s" % driver.choose(wanted, driver.version()))
    except ValueError as e:
        print("\t%s" % e)`
	out, err := exec.Command("python3", append([]string{"-B", "-c", script}, cases...)...).CombinedOutput()
	do(t, err)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(wants) {
		t.Fatalf("got\n%s", out)
	}
	for i, want := range wants {
		if got, said, _ := strings.Cut(lines[i], "\t"); got != want[0] || !strings.Contains(said, want[1]) {
			t.Errorf("driver %s, CUDA=%s: %q, want %q", cases[2*i], cases[2*i+1], lines[i], want)
		}
	}
}

// TestSetupBringsEveryLibrary holds that the lists of wheels name what Preload looks for, and the runtime of that CUDA.
func TestSetupBringsEveryLibrary(t *testing.T) {
	for version, wheels := range cuda.Wheels() {
		list, err := os.ReadFile(filepath.Join("setup", fmt.Sprintf("nvidia%d.txt", version)))
		do(t, err)
		for _, wheel := range wheels {
			name, major, _ := strings.Cut(strings.TrimSuffix(wheel, "*"), "==")
			if !strings.Contains(string(list), "\n"+name+"=="+major) {
				t.Errorf("the list for CUDA %d lacks %s", version, wheel)
			}
		}
	}
}
