package constraint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// pairOf is a pair's network with a holder for each name; those with a ! are only in the 16-bit file.
func pairOf(names ...string) *onnx.Network {
	n := &onnx.Network{}
	for i, name := range names {
		plain := strings.TrimSuffix(name, "!")
		n.Holders = append(n.Holders, onnx.Holder{Name: plain, Tensor: plain, Index: i, Op: "Add", Fixed: plain != name})
	}
	return n
}

// TestPatterns finds holders by exact names, globs and operators.
func TestPatterns(t *testing.T) {
	m := newMatcher(pairOf("/a/x", "/a/b/x", "/a/b/y", "c[1]", "c1", "k=v", " d\t"), []sites.Use{{Op: "Conv", Makes: []int{1}}, {Op: "Relu", Makes: []int{1, 2}}})
	m.makers[0] = []string{"input"}
	for pattern, want := range map[string][]int{
		"/a/x": {0}, "/a/*": {0}, "/a/**": {0, 1, 2}, "/a/b/?": {1, 2}, "/a/b/{x,z}": {1}, "c[1]": {3}, "c[1-3]": {4}, "k=v": {5}, "/b": nil, "op:Conv": {1},
		"op:R*": {1, 2}, "op:input": {0}, "op:Softmax": nil, "**": {0, 1, 2, 3, 4, 5, 6}, "d": {6}, " d": {6}, " d\t": {6},
	} {
		if got := m.find(pattern); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", pattern, got, want)
		}
	}
	for text, want := range map[string]string{"a,b": "[a b]", "x{1,2},y[,]": "[x{1,2} y[,]]", " a , b ": "[a b]"} {
		if g, err := parseGroup(text, "--group"); err != nil || fmt.Sprint(g.patterns) != want {
			t.Errorf("%s: %q, %v", text, g.patterns, err)
		}
	}
	if p, says, err := parsePin("k=v=int16", "--pin", WordsOf(nil)); err != nil || !says || p.Pattern != "k=v" || p.low {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestArrange makes the units of a pair: what only the 16-bit file has stays, a group across the two networks is
// refused, and the units come in the order of the 8-bit file.
func TestArrange(t *testing.T) {
	layout, err := Rules{}.Arrange(pairOf("a", "b!", "c", "d"), []int{3, 0, 2, 1})
	if err != nil || fmt.Sprint(layout.Units) != "[[3] [0] [2]]" || fmt.Sprint(layout.High) != "[1]" {
		t.Errorf("%v, units %v, high %v", err, layout.Units, layout.High)
	}
	hold := func(text string) Rules {
		r, _, _ := parsePin(text, "--pin", WordsOf(nil))
		return Rules{pins: []pin{r}}
	}
	tie := func(text string) Rules { g, _ := parseGroup(text, "--group"); return Rules{groups: []group{g}} }
	for _, c := range []struct {
		name  string
		rules Rules
		hints []string
	}{
		{"a group across networks", tie("a,b"), []string{"--group a,b", "across networks", `"a"`, `"b"`, "16-bit"}},
		{"a glob across networks", tie("*"), []string{"--group *", "across networks"}},
		{"a pin of what stays", hold("b=int8"), []string{"--pin b=int8", "8-bit file", `"b"`}},
	} {
		err := arrangeOn(pairOf("a", "b!", "c", "d"), c.rules)
		for _, hint := range c.hints {
			if err == nil || !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), hint) {
				t.Errorf("%s: %v, want %q", c.name, err, hint)
			}
		}
	}
	if errors.Is(arrangeOn(pairOf("a"), hold("a=int16")), mistake.Err) {
		t.Error("a pin of the one holder is refused")
	}
}

// arrangeOn is arrange on a network without nodes.
func arrangeOn(n *onnx.Network, r Rules) error {
	n.Model = emptyModel()
	_, err := r.Arrange(n, nil)
	return err
}

// emptyModel hands its one input on as its output.
func emptyModel() *onnx.Model {
	name, float := "x", int32(ir.Float)
	x := []*onnxpb.ValueInfoProto{{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &float}}}}}
	return &onnx.Model{Proto: &onnxpb.ModelProto{Graph: &onnxpb.GraphProto{Input: x, Output: x}}}
}
