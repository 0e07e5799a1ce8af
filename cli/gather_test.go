package cli

import "testing"

// TestDataAtRefused gives paths that no worker reads, whatever its --data-root: they are refused before anything is
// read and any port is opened.
func TestDataAtRefused(t *testing.T) {
	for _, path := range []string{"../eval.npy", "data/../../eval.npy", ".", "data/.."} {
		c := call("search", "--model", "net.onnx", "--data", "eval.npy", "--calib", "calib.npy", "--out", t.TempDir()+"/run", "--workers-at", "127.0.0.1:0", "--data-at", path)
		checkRefused(t, c, "--data-at "+path+": no worker reads outside its --data-root: give the path there, such as /nfs/data/eval.npy, or one relative to each --data-root")
	}
}
