//go:build cuda

package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"example.org/demote/cuda/emutest"
	"example.org/demote/run"
)

// alone is the program in a process whose driver the test chooses: settings of the emulated device, or none.
func alone(t *testing.T, settings string, args ...string) called {
	t.Helper()
	cmd := process(args...)
	if settings == "" {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH=")
	}
	cmd.Env = append(cmd.Env, "DEMOTE_EMU="+settings)
	return finish(t, cmd)
}

// TestEmulatedProgram is the program with the tag cuda as a user sees it.
func TestEmulatedProgram(t *testing.T) {
	if !emutest.Present() {
		t.Fatal("the driver of this process is not the emulated device: run `make test-cuda`")
	}
	in := good(t)
	out := in.flags["--out"]
	for _, c := range []struct {
		name, settings string
		args           []string
		code           int
		out, err       string
	}{
		{"no driver", "", []string{"devices"}, run.ExitMistake, "", "demote: no NVIDIA driver: libcuda.so.1: cannot open shared object file"},
		{"no GPU", "devices=0", []string{"devices"}, run.ExitMistake, "", "the NVIDIA driver finds no GPU (CUDA error 100)"},
		{"a search without a driver", "", in.args("--device", "auto"), run.ExitMistake, "", "demote: no NVIDIA driver: libcuda.so.1: cannot open shared object file"},
		{"a search without a GPU", "devices=0", in.args("--device", "cuda:0"), run.ExitMistake, "", "demote: the NVIDIA driver finds no GPU (CUDA error 100)"},
		{"devices", "devices=2,shared=1", []string{"devices"}, run.ExitFound,
			"cuda:1   EMULATED device (no GPU), 1.0 GiB, compute capability 8.0, driver of CUDA 12.2, without a CUDA provider\nbuilt for the CPU and NVIDIA GPUs on ", ""},
		{"a GPU that cannot compute", "shared=1,fail=cuMemcpyDtoHAsync_v2:1:700", []string{"devices"}, run.ExitFound, "         cannot be used: ", ""},
		{"a GPU that cannot be used", "capability=70", []string{"devices"}, run.ExitFound,
			"         cannot be used: GPU 0 (EMULATED device (no GPU)) has compute capability 7.0, but 7.5 is needed", ""},
		{"its search", "shared=1", in.args("--device", "cuda:0"), run.ExitFound,
			"\nevaluations ran on cuda:0 EMULATED device (no GPU), 1.0 GiB", "device cuda:0: EMULATED device (no GPU)"},
		{"verify of it", "shared=1", []string{"verify", out}, run.ExitFound, "outputs equal the search's, bit for bit", ""},
		{"verify on it", "shared=1", []string{"verify", out, "--device", "cuda:0"}, run.ExitMistake, "", "demote: --device cuda:0: demote verify runs on the CPU"},
		{"what bench ran on", "shared=1", append([]string{"bench"}, benchArgs(in)...), run.ExitFound, "\neverything ran on cuda:0 EMULATED device (no GPU)", ""},
		{"its graphs", "shared=1", append([]string{"bench"}, benchArgs(in)...), run.ExitFound, "\n0 of 1 parts of the network are replayed as CUDA graphs: ONNX Runtime's CPU", ""},
		{"bench", "shared=1", append([]string{"bench"}, benchArgs(in)...), run.ExitFound,
			"a full evaluation moves 1 bytes up in 1 copies and 5 bytes down in 1, allocates 0 times,\n  and starts 6 kernels beside the network's", ""},
		{"two workers", "shared=1", in.args("--device", "cuda:0", "--workers", "2", "--force"), run.ExitMistake, "", "demote: --workers 2: a GPU runs all blocks in one queue"},
		{"a second GPU", "shared=1", in.args("--device", "cuda:1", "--force"), run.ExitMistake, "", "demote: --device cuda:1: there is no GPU 1"},
		{"a GPU that fails", "shared=1,lose=cuLaunchKernel:20", in.args("--device", "cuda:0", "--force"), run.ExitInternal, "", "demote: cuda:0 does not answer any more: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := alone(t, c.settings, c.args...)
			if got.code != c.code || !strings.Contains(got.out, c.out) || !strings.Contains(got.err, c.err) {
				t.Errorf("%v: exit code %d\n%s%s", c.args, got.code, got.out, got.err)
			}
			if mistakes := strings.Count(got.err, "demote: "); c.code != run.ExitFound && mistakes != 1 {
				t.Errorf("%d lines of what went wrong: %q", mistakes, got.err)
			}
		})
	}
	var r struct{ Versions map[string]string }
	data, err := os.ReadFile(out + "/result.json")
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil || !strings.Contains(r.Versions["device"], "EMULATED") {
		t.Errorf("result.json: %v, %v", r.Versions, err)
	}
}

// TestEmulatedNaN holds that a NaN that only the 16-bit network makes, and that its FakeQuant hides, is found on the
// device as on the CPU, and that there is none where there is none.
func TestEmulatedNaN(t *testing.T) {
	in := good(t)
	in.write(t, "net.onnx", ratio(newGraph()).bytes())
	tiny := data("eval.npz", 40, func(x, _ []float64) {
		for i := range 16 {
			x[11*16+i] = 1e-9
		}
	})(t, in)
	tiny = append(tiny, "--device", "cuda:0")
	checkRefused(t, alone(t, "shared=1", in.args(tiny...)...), "net.onnx", "16-bit network", "NaN", "sample 11", "ratio")
	if got := alone(t, "shared=1", in.args(append(tiny, "--allow-nan")...)...); got.code == run.ExitInternal || got.code == run.ExitMistake {
		t.Errorf("--allow-nan: exit code %d, %s", got.code, got.err)
	}
	in = good(t)
	if got := alone(t, "shared=1", in.args("--device", "cuda:0")...); got.code != run.ExitFound {
		t.Errorf("without NaN: exit code %d, %s", got.code, got.err)
	}
}

// benchArgs measures what in searches, on the device.
func benchArgs(in inputs) []string {
	return []string{"--model", in.flags["--model"], "--calib", in.flags["--calib"], "--data", in.flags["--data"], "--block", "8", "--device", "cuda:0"}
}
