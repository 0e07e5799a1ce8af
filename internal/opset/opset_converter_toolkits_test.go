//go:build toolkits

package opset_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/opset"
)

// converterOtherwise are the beginnings of the names of networks that the converter of the Python package onnx raises
// to something else than the original: it takes Hardmax as it is, which works on one axis since opset 13, and Resize
// and Upsample without the coordinates that they had.
var converterOtherwise = []string{"Hardmax", "Resize 10 linear", "Resize 10 nearest, larger", "Upsample linear", "Upsample 9 linear"}

// TestConverterToolkits has the converter of the Python package onnx raise the operators of opsets 7 to 12, too: its
// networks and ours give the same bits in ONNX Runtime, or ours gives those of the original and its does not.
func TestConverterToolkits(t *testing.T) {
	dir := t.TempDir()
	want := map[string]bool{}
	for _, c := range olderNets() {
		for _, version := range c.opsets {
			m := onnxtest.NetOf(t, version, c.dims, c.node, c.constants...)
			ours := m.Clone()
			if err := opset.Convert(ours); err != nil {
				t.Fatalf("%s, opset %d: %v", c.name, version, err)
			}
			name := fmt.Sprintf("%s, opset %d", c.name, version)
			want[name] = true
			for kind, m := range map[string]*ir.Model{"old": m, "ours": ours} {
				data, err := m.Bytes()
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, name+"."+kind), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	out, err := exec.Command("../../.venv-toolkits/bin/python", "-W", "ignore", "../../scripts/fixtures_check.py", "converted", dir).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	equal := 0
	for line := range strings.Lines(string(out)) {
		name, verdict, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if !want[name] {
			t.Errorf("%q is no network of these", name)
		}
		delete(want, name)
		otherwise := slices.ContainsFunc(converterOtherwise, func(begin string) bool { return strings.HasPrefix(name, begin) })
		switch {
		case verdict == "equal":
			equal++
		case !otherwise || !strings.HasSuffix(verdict, "the original gives ours"):
			t.Errorf("%s: %s", name, verdict)
		}
	}
	if len(want) > 0 || equal < 100 {
		t.Errorf("nothing is said of %v; %d are equal", want, equal)
	}
}
