package ir_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/opset"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// TestFunctionsHaveATotal inlines small files that become large: those within the total are inlined in no time, the
// others refused before anything is made.
func TestFunctionsHaveATotal(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	long := strings.Repeat("a", 1<<16)
	refers := func(f *onnxpb.FunctionProto) { // 300 attributes that each take the call's list of 4,000 numbers
		f.AttributeProto = []*onnxpb.AttributeProto{ir.IntsAttr("k", make([]int64, 4000)...)}
		n := f.Node[0]
		for i := range 300 {
			n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: ir.Str(fmt.Sprint("k", i)), RefAttrName: ir.Str("k"), Type: onnxpb.AttributeProto_INTS.Enum()})
		}
	}
	beside := func(calls int) *onnxtest.Net {
		b := onnxtest.Calling(1, 1, nil)
		for i := range calls { // without names, as exporters leave them
			n := ir.NewNode("F0", "", []string{"x"}, []string{fmt.Sprint("z", i)})
			n.Domain = ir.Str("f")
			b.P.Graph.Node = append(b.P.Graph.Node, n)
		}
		return b
	}
	for _, c := range []struct {
		name  string
		net   *onnxtest.Net
		fails bool
	}{
		{"two calls, 3 deep", onnxtest.Calling(3, 2, nil), false},
		{"two calls, 13 deep", onnxtest.Calling(13, 2, nil), false},
		{"two calls, 17 deep", onnxtest.Calling(17, 2, nil), true},
		{"two calls, 18 deep", onnxtest.Calling(18, 2, nil), true},
		{"two calls, 60 deep", onnxtest.Calling(60, 2, nil), true},
		{"ten calls, 8 deep", onnxtest.Calling(8, 10, nil), true},
		{"10,000 functions in a row", onnxtest.Calling(10000, 1, nil), false},
		{"10,000 calls without names beside each other", beside(10000), false},
		{"names that grow with every call", onnxtest.Calling(12, 2, func(f *onnxpb.FunctionProto) { f.Node[0].Name = &long }), true},
		{"long lists in attributes", onnxtest.Calling(10, 2, func(f *onnxpb.FunctionProto) {
			f.Node[0].Attribute = append(f.Node[0].Attribute, ir.IntsAttr("k", make([]int64, 50000)...))
		}), true},
		{"attributes that are bound again and again", onnxtest.Calling(10, 2, refers), true},
		{"a thousand operator sets a call", onnxtest.Calling(12, 2, func(f *onnxpb.FunctionProto) {
			for i := range 1000 {
				f.OpsetImport = append(f.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str(fmt.Sprint("d", i)), Version: proto.Int64(1)})
			}
		}), true},
		{"ten thousand parameters a call", onnxtest.Calling(12, 2, func(f *onnxpb.FunctionProto) {
			for i := range 10000 {
				f.Input = append(f.Input, fmt.Sprint("p", i))
			}
		}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &ir.Model{Proto: c.net.P}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := opset.Inline(m)
			runtime.ReadMemStats(&after)
			switch {
			case c.fails && (!errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "more than")):
				t.Errorf("%v, want a refusal", err)
			case !c.fails && err != nil:
				t.Error(err)
			}
			limit := 20 * time.Second
			if c.fails {
				limit = 5 * time.Second
			}
			if took := time.Since(start); took > limit {
				t.Errorf("it took %s", took)
			}
			if all := after.TotalAlloc - before.TotalAlloc; all > 512<<20 || c.fails && all > 64<<20 {
				t.Errorf("%d MiB were allocated", all>>20)
			}
		})
	}
}

// TestFunctionsThatCallEachOther has two functions that call each other, and three in a ring.
func TestFunctionsThatCallEachOther(t *testing.T) {
	for _, ring := range []int{1, 2, 3} {
		b := onnxtest.Calling(ring, 2, nil)
		for i, n := range b.P.Functions[ring-1].Node {
			n.OpType = ir.Str("F0")
			if i == 0 {
				n.OpType = ir.Str("F" + fmt.Sprint(ring)) // the way out does not help
			}
		}
		onnxtest.CheckBad(t, opset.Inline(&ir.Model{Proto: b.P}), "calls itself")
	}
}

// TestFunctionsAreCountedWhenRead holds that a file is refused where it is read, since the runtime inlines what is
// only scored.
func TestFunctionsAreCountedWhenRead(t *testing.T) {
	data, err := proto.Marshal(onnxtest.Calling(17, 2, nil).P)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ir.Parse(data, "")
	onnxtest.CheckBad(t, err, "more than")
}
