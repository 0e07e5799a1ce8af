package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"example.org/demote/run"
)

// TestInspectIsReadable holds that the list of holders fits 80 columns whatever the names, that its numbers and the
// ends of names are there, that names which fit stay whole, and that JSON has all of them.
func TestInspectIsReadable(t *testing.T) {
	long := "StatefulPartitionedCall/" + strings.Repeat("model/functional_1/block/", 40) + "Relu"
	in := good(t)
	in.write(t, "net.onnx", newGraph().weights("w1", []int64{4, 1, 3, 3}).node("Conv", "c1", "x", "w1").node("Relu", long, "c1").node("Sigmoid", long+"ünïcode", long).
		node("Flatten", "f", long+"ünïcode").weights("w2", []int64{16, 5}).node("MatMul", "y", "f", "w2").output("y", 5).bytes())
	for _, more := range [][]string{nil, {"--calib", in.path("calib.npz")}} {
		got := must(t, append([]string{"inspect", "--model", in.path("net.onnx")}, more...)...)
		for _, line := range strings.Split(got.out, "\n") {
			if utf8.RuneCountInString(line) > 80 {
				t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
		}
		for _, want := range []string{"\n0  x ", "\n1  State", "block/Relu ", "block/Reluünïcode ", "names are cut to fit; --json has them whole"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("%q is missing in %s", want, got.out)
			}
		}
		if strings.Contains(got.out, "int16 [") != (more != nil) {
			t.Error(got.out)
		}
	}
	if got := must(t, "inspect", "--model", in.path("net.onnx"), "--json"); !strings.Contains(got.out, `"name": "`+long+`ünïcode"`) {
		t.Error("JSON has cut the names")
	}
	if got := must(t, "inspect", "--model", in.path("net.onnx"), "--all"); !strings.Contains(got.out, "why it has no holder") {
		t.Error(got.out)
	}
	in.write(t, "net.onnx", plain().bytes())
	if got := must(t, "inspect", "--model", in.path("net.onnx")); strings.Contains(got.out, "...") || strings.Contains(got.out, "are cut") {
		t.Errorf("names that fit: %s", got.out)
	}
	var b strings.Builder
	holderTable(&b, []run.InspectedHolder{{Name: strings.Repeat("a", 40), Op: "Conv", Consumers: []string{strings.Repeat("b", 40)}}}, nil)
	if !strings.Contains(b.String(), strings.Repeat("a", 40)) {
		t.Errorf("a holder's name is cut before its readers': %s", b.String())
	}
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"abcdefgh", 8, "abcdefgh"}, {"abcdefghi", 8, "a...fghi"}, {"ääääääääääää", 9, "ää...ääää"}, {"abcdefghi", 2, "a...fghi"}, {"", 5, ""}} {
		if got := shorter(c.text, c.most); got != c.want {
			t.Errorf("%q of %q, want %q", got, c.text, c.want)
		}
	}
}
