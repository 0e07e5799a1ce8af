package fold_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// chain is a graph in which each of n nodes makes its constant out of the one before; %[1]d is the one before.
func chain(first, node string, n int) string {
	var b strings.Builder
	b.WriteString("input x\n" + first + "\n")
	for i := range n {
		fmt.Fprintf(&b, node+"\n", i, i+1)
	}
	fmt.Fprintf(&b, "keep = Test::Keep(x, c%d)\nreturn keep", n)
	return b.String()
}

// TestFoldingHasTotals folds networks whose every node is within the bounds of one node and which would be gigabytes,
// or minutes, together: what is made stays within the totals, and the rest is refused, or stays nodes.
func TestFoldingHasTotals(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	many := func(node string, n int) string { // nodes beside each other
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, node+"\n", i)
		}
		return b.String()
	}
	megabyte := "const two [1] = 1\nconst size int64 [1] = 262144\nm = Expand(two, size)\n"
	for _, c := range []struct{ name, text string }{
		{"doubled by Concat", chain("const c0 [1] = 1", "c%[2]d = Concat(c%[1]d, c%[1]d) axis=0", 40)},
		{"fourfold by Concat", chain("const c0 [1] = 1", "c%[2]d = Concat(c%[1]d, c%[1]d, c%[1]d, c%[1]d) axis=0", 20)},
		{"fourfold by Tile", chain("const c0 [1] = 1\nconst four int64 [1] = 4", "c%[2]d = Tile(c%[1]d, four)", 20)},
		{"stretched by Add", chain("const c0 [1024 1]\nconst row [1024]", "c%[2]d = Add(c%[1]d, row)", 2000)},
		{"by Transpose", chain(megabyte+"const s int64 [2] = 512 512\nc0 = Reshape(m, s)", "c%[2]d = Transpose(c%[1]d)", 2000)},
		{"wider by Cast", chain(megabyte+"c0 = Cast(m) to=6", "d%[2]d = Cast(c%[1]d) to=7\nc%[2]d = Cast(d%[2]d) to=6", 2000)},
		{"beside each other by Neg", "input x\n" + megabyte + many("c%d = Neg(m)", 2000) + "keep = Test::Keep(x, m)\nreturn keep"},
		{"beside each other by Expand", "input x\n" + megabyte + many("c%d = Expand(two, size)", 2000) + "keep = Test::Keep(x, m)\nreturn keep"},
		{"beside each other by Range", "input x\nconst a int64 = 0\nconst b int64 = 500000\nconst d int64 = 1\n" + many("c%d = Range(a, b, d)", 2000) + "keep = Test::Keep(x, a)\nreturn keep"},
		{"read again and again", "input x\n" + megabyte + "i = Cast(m) to=7\n" + many("c%d = ReduceSum(i) keepdims=0", 20000) + "keep = Test::Keep(x, m)\nreturn keep"},
		{"compared again and again", "input x\n" + megabyte + many("c%d = Less(m, m)", 2000) + "keep = Test::Keep(x, m)\nreturn keep"},
		{"a range too long again and again", "input x\nconst a int64 = 0\nconst b int64 = 4000000\nconst d int64 = 1\n" + many("c%d = Range(a, b, d)", 2000) + "keep = Test::Keep(x, a)\nreturn keep"},
		{"many dimensions", chain("const c0 [1] = 1\nconst axes int64 ["+fmt.Sprint(20000)+"] = "+strings.Join(counted(20000), " "), "c%[2]d = Unsqueeze(c0, axes)", 2000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, c.text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := fold.Constants(m)
			if err != nil && (!errors.Is(err, fold.ErrConstants) || !errors.Is(err, mistake.Err)) {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			made := int64(0)
			for _, c := range m.Graph().GetInitializer() {
				made += int64(len(c.GetRawData()) + 8*len(c.GetDims()))
			}
			if made > fold.FoldTotal+fold.FoldFree {
				t.Errorf("%d bytes of constants", made)
			}
			if took := time.Since(start); took > time.Minute { // under the race detector, on a machine with other work
				t.Errorf("it took %s", took)
			}
			if all := after.TotalAlloc - before.TotalAlloc; all > 2<<30 {
				t.Errorf("%d MiB were allocated", all>>20)
			}
			if len(m.Graph().GetNode()) < 2 {
				t.Error("all was folded: the case tests nothing")
			}
			if _, err := ir.NewIndex(m); err != nil {
				t.Error(err)
			}
		})
	}
}

func counted(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return list
}

// TestFoldingBudgetGrowsWithTheFile has weights of 40 MiB as float16 that are cast and turned over, which no file is
// too small for: all is folded.
func TestFoldingBudgetGrowsWithTheFile(t *testing.T) {
	m := onnxtest.FromText(t, "input x\n a = Cast(h) to=1\n c = Transpose(a)\n keep = Test::Keep(x, c)\n return keep")
	const n = 20 << 20
	m.Graph().Initializer = append(m.Graph().Initializer, ir.NewTensor("h", ir.Float16, []int64{4, n / 4}, make([]byte, 2*n)))
	if err := fold.Constants(m); err != nil {
		t.Fatal(err)
	}
	if left := len(m.Graph().GetNode()); left != 1 {
		t.Errorf("%d nodes are left of 3", left)
	}
}

// TestConstantsAreCheckedForTheRuntime holds that networks which the runtime would blow up are refused where nothing
// is folded here, in functions too, and that others are not.
func TestConstantsAreCheckedForTheRuntime(t *testing.T) {
	m := onnxtest.FromText(t, chain("const c0 [1] = 1", "c%[2]d = Concat(c%[1]d, c%[1]d) axis=0", 40))
	onnxtest.CheckBad(t, prepare.CheckConstants(m), "far larger than the file")
	if n := len(m.Graph().GetNode()); n != 41 {
		t.Errorf("%d nodes: the model was changed", n)
	}
	f := onnxtest.Calling(20, 1, nil) // each function joins what it gets with itself
	for _, fn := range f.P.Functions[:20] {
		join := ir.NewNode("Concat", "", []string{"a", "a"}, []string{"j"}, ir.IntAttr("axis", 0))
		fn.Node[0].Input[0] = "j"
		fn.Node = append([]*onnxpb.NodeProto{join}, fn.Node...)
	}
	f.P.Graph.Node[0].Input[0] = "w"
	f.P.Graph.Initializer = append(f.P.Graph.Initializer, ir.NewFloats("w", []int64{1024}, make([]float32, 1024)))
	onnxtest.CheckBad(t, prepare.CheckConstants((&ir.Model{Proto: f.P})), "far larger than the file")
	for _, text := range []string{"input x\nconst w [4 3]\ny = MatMul(x, w)\nreturn y", "input x\ny = Test::Odd(x)\nreturn y", "input x\ny = Nobody(x)\nreturn y"} {
		if err := prepare.CheckConstants(onnxtest.FromText(t, text)); err != nil {
			t.Error(err)
		}
	}
}
