package fold_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// show writes a constant as "[2 3] 1 2 3 4 5 6".
func show(t testing.TB, c ir.Tensor) string {
	t.Helper()
	if c == nil {
		return "not constant"
	}
	var b strings.Builder
	fmt.Fprint(&b, c.GetDims())
	if fold.ElemFloat(c) {
		values, err := ir.Floats(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			fmt.Fprintf(&b, " %v", v)
		}
		return b.String()
	}
	values, err := ir.Ints(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		fmt.Fprintf(&b, " %v", v)
	}
	return b.String()
}

// foldedTo folds a graph whose result is y and returns what became of y. A reader keeps it in the graph.
func foldedTo(t testing.TB, text string) (string, error) {
	t.Helper()
	m := onnxtest.FromText(t, "input x\n"+text+"\n keep = Test::Keep(x, y)\n return keep")
	if err := fold.Constants(m); err != nil {
		return "", err
	}
	x, err := ir.NewIndex(m)
	if err != nil {
		t.Fatal(err)
	}
	return show(t, x.Initializer("y")), nil
}

const (
	matrix = "const m int64 [2 3] = 1 2 3 4 5 6\n"
	list   = "const l int64 [3] = 7 8 9\n"
)

func TestFoldConstants(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"constant of one integer", "y = Constant() value_int=5", "[] 5"},
		{"constant of integers", "y = Constant() value_ints=[5,6]", "[2] 5 6"},
		{"constant of a number", "y = Constant() value_float=0.5", "[] 0.5"},
		{"identity", matrix + "y = Identity(m)", "[2 3] 1 2 3 4 5 6"},
		{"cast cuts towards zero", "const f [4] = 1.5 -1.5 0 2\n y = Cast(f) to=7", "[4] 1 -1 0 2"},
		{"cast of NaN stays", "const f [1] = nan\n y = Cast(f) to=7", "not constant"},
		{"cast of a large number stays", "const f [1] = 300\n y = Cast(f) to=2", "not constant"},
		{"cast to bool", "const f [3] = 0 0.5 -2\n y = Cast(f) to=9", "[3] 0 1 1"},
		{"cast to float", matrix + "y = Cast(m) to=1", "[2 3] 1 2 3 4 5 6"},
		{"cast to float16 and back", "const f [3] = 1 2049 70000\n h = Cast(f) to=10\n y = Cast(h) to=1", "[3] 1 2048 +Inf"},
		{"shape", matrix + "y = Shape(m)", "[2] 2 3"},
		{"shape from the end", matrix + "y = Shape(m) start=-1", "[1] 3"},
		{"shape of an empty range", matrix + "y = Shape(m) start=2 end=1", "[0]"},
		{"shape of an unknown tensor", "y = Shape(x)", "not constant"},
		{"size", matrix + "y = Size(m)", "[] 6"},
		{"constant of shape", list + "const s int64 [2] = 2 2\n y = ConstantOfShape(s)", "[2 2] 0 0 0 0"},
		{"range", "const a int64 = 1\n const b int64 = 8\n const c int64 = 3\n y = Range(a, b, c)", "[3] 1 4 7"},
		{"range downwards", "const a int64 = 3\n const b int64 = 0\n const c int64 = -1\n y = Range(a, b, c)", "[3] 3 2 1"},
		{"range of nothing", "const a int64 = 3\n const b int64 = 0\n const c int64 = 1\n y = Range(a, b, c)", "[0]"},
		{"non zero", "const m int64 [2 3] = 0 2 0 4 0 6\n y = NonZero(m)", "[2 3] 0 1 1 1 0 2"},
		{"reshape", matrix + "const s int64 [3] = 0 -1 1\n y = Reshape(m, s)", "[2 3 1] 1 2 3 4 5 6"},
		{"flatten", matrix + "y = Flatten(m) axis=0", "[1 6] 1 2 3 4 5 6"},
		{"unsqueeze and squeeze", list + "const s int64 [2] = 0 -1\n const r int64 [1] = 0\n a = Unsqueeze(l, s)\n y = Squeeze(a, r)", "[3 1] 7 8 9"},
		{"squeeze of all", list + "const s int64 [2] = 0 -1\n a = Unsqueeze(l, s)\n y = Squeeze(a)", "[3] 7 8 9"},
		{"transpose", matrix + "y = Transpose(m)", "[3 2] 1 4 2 5 3 6"},
		{"transpose by perm", "const m int64 [2 1 2] = 1 2 3 4\n y = Transpose(m) perm=[2,0,1]", "[2 2 1] 1 3 2 4"},
		{"slice", matrix + "const a int64 [1] = 1\n const b int64 [1] = 9\n y = Slice(m, a, b, a)", "[2 2] 2 3 5 6"},
		{"slice backwards", list + "const a int64 [1] = -1\n const b int64 [1] = -9\n const z int64 [1] = 0\n y = Slice(l, a, b, z, a)", "[3] 9 8 7"},
		{"slice of nothing", list + "const a int64 [1] = 2\n const b int64 [1] = 1\n y = Slice(l, a, b)", "[0]"},
		{"expand", list + "const s int64 [2] = 2 1\n y = Expand(l, s)", "[2 3] 7 8 9 7 8 9"},
		{"tile", "const m int64 [1 2] = 1 2\n const s int64 [2] = 2 2\n y = Tile(m, s)", "[2 4] 1 2 1 2 1 2 1 2"},
		{"gather", matrix + "const i int64 [2] = -1 0\n y = Gather(m, i) axis=1", "[2 2] 3 1 6 4"},
		{"gather one", list + "const i int64 = 1\n y = Gather(l, i)", "[] 8"},
		{"concat", matrix + "y = Concat(m, m) axis=1", "[2 6] 1 2 3 1 2 3 4 5 6 4 5 6"},
		{"split", list + "a, y = Split(l) num_outputs=2", "[1] 9"},
		{"split by sizes", list + "const s int64 [2] = 1 2\n a, y = Split(l, s)", "[2] 8 9"},
		{"where", "const c bool [3] = 1 0 1\n const o int64 = 5\n" + list + "y = Where(c, l, o)", "[3] 7 5 9"},
		{"broadcast arithmetic", matrix + list + "y = Add(m, l)", "[2 3] 8 10 12 11 13 15"},
		{"integer division cuts", "const a int64 [2] = 7 -7\n const b int64 = 2\n y = Div(a, b)", "[2] 3 -3"},
		{"float arithmetic", "const a = 2\n const b = 0.1\n s = Sqrt(a)\n y = Mul(s, b)", fmt.Sprint("[] ", float32(math.Sqrt2)*float32(0.1))},
		{"comparison", list + "const b int64 = 8\n a = Less(l, b)\n y = Not(a)", "[3] 0 1 1"},
		{"product of a shape", matrix + "s = Shape(m)\n y = ReduceProd(s) keepdims=0", "[] 6"},
		{"exp is left to the runtime", "const a = 2\n y = Exp(a)", "not constant"},
		{"a type that is not converted", "const a = 2\n y = Cast(a) to=8", "not constant"},
		{"more than the bounds allow stays", "const s int64 [2] = 100000 100000\n y = ConstantOfShape(s)", "not constant"},
		{
			"the pads of shift-negative correction", "const p int64 [4] = 1 2 3 4\n const z int64 [1] = 0\n const e int64 [1] = -9223372036854775807\n const n int64 [1] = -1\n" +
				"const f int64 [1] = 4\n const r int64 [2] = -1 2\n const o int64 [1] = -1\n c = ConstantOfShape(f)\n c7 = Cast(c) to=7\n a = Concat(p, c7) axis=0\n" +
				"b = Reshape(a, r)\n d = Slice(b, n, e, z, n)\n t = Transpose(d) perm=[1,0]\n g = Reshape(t, o)\n y = Cast(g) to=7",
			"[8] 0 0 3 1 0 0 4 2",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := foldedTo(t, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestFoldErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"reshape", matrix + "const s int64 [1] = 5\n y = Reshape(m, s)", "cannot become"},
		{"gather", list + "const i int64 = 3\n y = Gather(l, i)", "index 3 of 3"},
		{"concat", matrix + list + "y = Concat(m, l)", "operand 1"},
		{"transpose", matrix + "y = Transpose(m) perm=[0,0]", "perm"},
		{"slice", list + "const z int64 [1] = 0\n y = Slice(l, z, z, z, z)", "step of 0"},
		{"division", list + "const z int64 = 0\n y = Div(l, z)", "divided by 0"},
		{"broadcast", matrix + "const l int64 [2] = 1 2\n y = Add(m, l)", "do not fit"},
		{"axis", matrix + "y = Concat(m, m) axis=5", "axis 5"},
		{"squeeze", matrix + "const z int64 [1] = 0\n y = Squeeze(m, z)", "cannot become"},
		{"split", list + "const s int64 [2] = 1 1\n a, y = Split(l, s)", "parts"},
		{"negative dimension", "const s int64 [1] = -5\n y = ConstantOfShape(s)", "negative"},
		{"overflow", "const s int64 [3] = 4611686018427387904 4 4\n y = ConstantOfShape(s)", "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := foldedTo(t, c.text)
			if err == nil || !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "node_") {
				t.Errorf("error %v, want %q and the node in it", err, c.want)
			}
		})
	}
}

func TestFoldLeavesTheRestAlone(t *testing.T) {
	m := onnxtest.FromText(t, matrix+"const spare [2]\n input x\n a = Constant() value_int=1\n b = Transpose(m)\n c = Neg(x)\n d = Identity(m)\n return c d")
	if err := fold.Constants(m); err != nil {
		t.Fatal(err)
	}
	x, err := ir.NewIndex(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Nodes()) != 2 || x.Initializer("spare") == nil || x.Initializer("m") == nil {
		t.Errorf("%d nodes, spare %v, m %v: an output's node and constants in use must stay", len(x.Nodes()), x.Initializer("spare"), x.Initializer("m"))
	}
	if len(m.Graph().GetInitializer()) != 2 {
		t.Errorf("%d initializers: results that nobody reads must not stay", len(m.Graph().GetInitializer()))
	}
}

func TestFoldKnowsStaticShapes(t *testing.T) {
	m := onnxtest.FromText(t, "input x\n s = Shape(x)\n y = Expand(x, s)\n z = Reshape(y, s)\n return z")
	dims := m.Graph().Input[0].Type.GetTensorType()
	dims.Shape = &onnxpb.TensorShapeProto{}
	for _, d := range []int64{2, 3} {
		dims.Shape.Dim = append(dims.Shape.Dim, &onnxpb.TensorShapeProto_Dimension{
			Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d},
		})
	}
	if err := fold.Constants(m); err != nil {
		t.Fatal(err)
	}
	x, err := ir.NewIndex(m)
	if err != nil {
		t.Fatal(err)
	}
	if got := show(t, x.Initializer("s")); got != "[2] 2 3" {
		t.Errorf("shape is %s", got)
	}
}

// TestFoldNeverPanics folds small graphs with damaged constants and attributes; an error is right, a panic or hours
// are not.
func TestFoldNeverPanics(t *testing.T) {
	const seed = 20
	random := rand.New(rand.NewPCG(seed, 0))
	odd := []int64{0, 1, -1, 2, 3, 7, -5, 1 << 31, 1 << 62, math.MaxInt64, math.MinInt64}
	pick := func() int64 { return odd[random.IntN(len(odd))] }
	var ops []string
	for op := range fold.Rules {
		ops = append(ops, op)
	}
	for i := range 20000 {
		g := &onnxpb.GraphProto{Name: ir.Str("g"), Input: []*onnxpb.ValueInfoProto{onnxtest.ValueInfo("x", ir.Float)}}
		var operands []string
		for j := range random.IntN(5) {
			dims := make([]int64, random.IntN(3))
			n := 1
			for d := range dims {
				dims[d] = int64(random.IntN(4))
				n *= int(dims[d])
			}
			values := make([]int64, n)
			for k := range values {
				values[k] = pick()
			}
			c := ir.NewInts(fmt.Sprint("c", j), ir.Int64, dims, values)
			if random.IntN(4) == 0 {
				c = ir.NewFloats(fmt.Sprint("c", j), dims, make([]float32, n))
			}
			g.Initializer = append(g.Initializer, c)
			operands = append(operands, c.GetName())
			if random.IntN(8) == 0 {
				operands = append(operands, "")
			}
		}
		n := ir.NewNode(ops[random.IntN(len(ops))], "n", operands, []string{"y", "z"}[:1+random.IntN(2)])
		for _, name := range []string{"axis", "to", "keepdims", "start", "end", "num_outputs", "value_int"} {
			if random.IntN(2) == 0 {
				n.Attribute = append(n.Attribute, ir.IntAttr(name, pick()%32))
			}
		}
		if random.IntN(3) == 0 {
			n.Attribute = append(n.Attribute, ir.IntsAttr("perm", pick(), pick()))
		}
		g.Node = []ir.Node{n, ir.NewNode("Keep", "k", []string{"x", "y"}, []string{"out"})}
		g.Output = []*onnxpb.ValueInfoProto{onnxtest.ValueInfo("out", ir.Float)}
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("seed %d, graph %d: %v\n%v", seed, i, p, g)
				}
			}()
			if err := fold.Constants(&ir.Model{Proto: &onnxpb.ModelProto{Graph: g}}); err != nil && !errors.Is(err, mistake.Err) {
				t.Fatalf("seed %d, graph %d: %v", seed, i, err)
			}
		}()
	}
}
