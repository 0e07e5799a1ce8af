package onnx

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

// calling is a model of the functions F0, F1, ... each of which calls the next one so many times, in a row; the last is a Relu.
// change may add to all.
func calling(depth, times int, change func(f *onnxpb.FunctionProto)) *net {
	b := newNet(21, 2, 2)
	b.p.OpsetImport = append(b.p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str("f"), Version: proto.Int64(1)})
	for i := range depth + 1 {
		f := &onnxpb.FunctionProto{Name: str(fmt.Sprint("F", i)), Domain: str("f"), Input: []string{"a"}, Output: []string{"o"},
			OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: str(""), Version: proto.Int64(21)}, {Domain: str("f"), Version: proto.Int64(1)}}}
		last := "a"
		for k := range times {
			n := newNode(fmt.Sprint("F", i+1), "", []string{last}, []string{fmt.Sprint("t", k)})
			n.Domain = str("f")
			f.Node, last = append(f.Node, n), fmt.Sprint("t", k)
		}
		if i == depth {
			f.Node = []*onnxpb.NodeProto{newNode("Relu", "", []string{"a"}, []string{last})}
		}
		f.Node[len(f.Node)-1].Output[0] = "o"
		if change != nil {
			change(f)
		}
		b.p.Functions = append(b.p.Functions, f)
	}
	b.node("F0", []string{"x"}, []string{"y"}).output("y")
	b.p.Graph.Node[0].Domain = str("f")
	return b
}

// TestFunctionsHaveATotal inlines small files that become large: those within the total are inlined in no time, the others
// refused before anything is made.
func TestFunctionsHaveATotal(t *testing.T) {
	long := strings.Repeat("a", 1<<16)
	refers := func(f *onnxpb.FunctionProto) { // 300 attributes that each take the call's list of 4,000 numbers
		f.AttributeProto = []*onnxpb.AttributeProto{intsAttr("k", make([]int64, 4000)...)}
		n := f.Node[0]
		for i := range 300 {
			n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: str(fmt.Sprint("k", i)), RefAttrName: str("k"), Type: onnxpb.AttributeProto_INTS.Enum()})
		}
	}
	beside := func(calls int) *net {
		b := calling(1, 1, nil)
		for i := range calls { // without names, as exporters leave them
			n := newNode("F0", "", []string{"x"}, []string{fmt.Sprint("z", i)})
			n.Domain = str("f")
			b.p.Graph.Node = append(b.p.Graph.Node, n)
		}
		return b
	}
	for _, c := range []struct {
		name  string
		net   *net
		fails bool
	}{
		{"two calls, 3 deep", calling(3, 2, nil), false},
		{"two calls, 13 deep", calling(13, 2, nil), false},
		{"two calls, 17 deep", calling(17, 2, nil), true},
		{"two calls, 18 deep", calling(18, 2, nil), true},
		{"two calls, 60 deep", calling(60, 2, nil), true},
		{"ten calls, 8 deep", calling(8, 10, nil), true},
		{"10,000 functions in a row", calling(10000, 1, nil), false},
		{"10,000 calls without names beside each other", beside(10000), false},
		{"names that grow with every call", calling(12, 2, func(f *onnxpb.FunctionProto) { f.Node[0].Name = &long }), true},
		{"long lists in attributes", calling(10, 2, func(f *onnxpb.FunctionProto) {
			f.Node[0].Attribute = append(f.Node[0].Attribute, intsAttr("k", make([]int64, 50000)...))
		}), true},
		{"attributes that are bound again and again", calling(10, 2, refers), true},
		{"a thousand operator sets a call", calling(12, 2, func(f *onnxpb.FunctionProto) {
			for i := range 1000 {
				f.OpsetImport = append(f.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str(fmt.Sprint("d", i)), Version: proto.Int64(1)})
			}
		}), true},
		{"ten thousand parameters a call", calling(12, 2, func(f *onnxpb.FunctionProto) {
			for i := range 10000 {
				f.Input = append(f.Input, fmt.Sprint("p", i))
			}
		}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &Model{Proto: c.net.p}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := inlineFunctions(m)
			runtime.ReadMemStats(&after)
			switch {
			case c.fails && (!errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "more than")):
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
		b := calling(ring, 2, nil)
		for i, n := range b.p.Functions[ring-1].Node {
			n.OpType = str("F0")
			if i == 0 {
				n.OpType = str("F" + fmt.Sprint(ring)) // the way out does not help
			}
		}
		checkBad(t, inlineFunctions(&Model{Proto: b.p}), "calls itself")
	}
}

// TestFreshNamesStayTheSame holds that names are numbered from 1, whatever was asked for before.
func TestFreshNamesStayTheSame(t *testing.T) {
	s := &names{map[string]bool{"a_2": true}, map[string]int{}}
	var got []string
	for _, name := range []string{"a", "a", "a", "a_1", "a", "b", "a_4"} {
		got = append(got, s.fresh(name))
	}
	if want := "a a_1 a_3 a_1_1 a_4 b a_4_1"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestFunctionsAreCountedWhenRead holds that a file is refused where it is read, since the runtime inlines what is only scored.
func TestFunctionsAreCountedWhenRead(t *testing.T) {
	data, err := proto.Marshal(calling(17, 2, nil).p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(data, "")
	checkBad(t, err, "more than")
}
