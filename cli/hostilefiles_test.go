package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

// A victim is a file that is damaged, and the commands that then meet it. In their words @B is the folder of sound
// files, @D the one of this try.
type victim struct {
	name     string
	file     string // that is damaged, in @D
	kind     string // of mutate
	tree     string // of @B, that @D is a copy of; "": @D has the damaged file alone
	data     []byte
	commands []string
}

// victims writes sound files of every kind below base, by the program itself where it writes such files.
func victims(t *testing.T, program, base string) []victim {
	t.Helper()
	read := func(path string) []byte {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	put := func(name string, data []byte) []byte {
		t.Helper()
		path := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return data
	}
	do := func(words string) {
		t.Helper()
		must(t, split(words, base, base)...)
	}
	samples := func(n, channels, side int, key string) []byte {
		x := make([]float64, n*channels*side*side)
		y := make([]float64, n)
		for i := range x {
			x[i] = float64(i*7919%2001)/1000 - 1
		}
		for i := range y {
			y[i] = float64(i % 5)
		}
		return npz(map[string][]byte{key: npy("<f4", x, n, channels, side, side), "y": npy("<i8", y, n)})
	}
	data := put("d.npz", samples(24, 1, 4, "x"))
	put("fashion.npz", samples(8, 1, 28, "x"))
	put("d16.npz", samples(12, 3, 16, "input"))
	x, y := images(24)
	put("net.onnx", plain().bytes())
	put("functions.onnx", withFunctions().bytes())
	outside, weights := split2(plain())
	put("outside/net.onnx", outside)
	put("outside/w.bin", weights)
	put("profile.yaml", read("../examples/profiles/npu.yaml"))
	start := put("start.txt", []byte("x\na1\n\"s1\"\n"))
	cost := "name,cost\n"
	for _, h := range []string{"x", "a1", "s1", "m1", "c1", "h", "t", "f"} {
		cost += h + ",1.5\n"
	}
	const top1 = " --workers 1 --block 8 --target 16bit-0.2"
	const quick = " --workers 1 --block 8 --metric sqnr --strategy demotion --target 50%"
	do("search --model @B/net.onnx --calib @B/d.npz --data @B/d.npz --out @B/run" + quick + " --export promotion,mctq")
	do("quantize --model @B/net.onnx --calib @B/d.npz --out @B/ends")
	cost = "name,cost\n"
	for _, h := range resultOf(t, filepath.Join(base, "run")).Holders {
		cost += h.Name + ",1.5\n"
	}
	put("cost.csv", []byte(cost))
	var picture, moving, photo bytes.Buffer
	grey := image.NewGray(image.Rect(0, 0, 6, 6))
	for i := range grey.Pix {
		grey.Pix[i] = byte(i * 7)
	}
	if png.Encode(&picture, grey) != nil || gif.Encode(&moving, grey, nil) != nil || jpeg.Encode(&photo, grey, nil) != nil {
		t.Fatal("an image cannot be encoded")
	}
	put("images/a.png", picture.Bytes())
	put("images/b.gif", moving.Bytes())
	put("images/c.jpg", photo.Bytes())
	put("images/labels.csv", []byte("name,label\na.png,0\nb.gif,1\nc.jpg,2\n"))
	idx := append([]byte{0, 0, 8, 3, 0, 0, 0, 24, 0, 0, 0, 4, 0, 0, 0, 4}, bytes.Repeat([]byte{1, 2, 250, 7}, 96)...)
	t16 := filepath.Join("..", "onnx", "testdata")
	for _, name := range []string{"mctq/attention_low.onnx", "mctq/attention_high.onnx", "mctq/lutpot_low.onnx", "mctq/lutpot_high.onnx", "encodings/conv.onnx", "encodings/conv_8_100.json", "encodings/conv_16_100.json", "encodings/conv_8_061.json"} {
		put(filepath.Base(name), read(filepath.Join(t16, name)))
	}
	float := func(file string) []string {
		return []string{"inspect --model " + file + " --all", "search --model " + file + " --calib @B/d.npz --data @B/d.npz --dry-run" + quick,
			"eval " + file + " --data @B/d.npz --limit 10", "search --model " + file + " --calib @B/d.npz --data @B/d.npz --evaluations 6 --out @D/out" + quick, "inspect --model " + file + " --calib @B/d.npz --json"}
	}
	pair := func(low, high, data string) []string {
		return []string{"inspect --low " + low + " --high " + high + " --all", "search --low " + low + " --high " + high + " --data " + data + " --dry-run" + top1,
			"eval " + low + " --data " + data, "search --low " + low + " --high " + high + " --data " + data + " --evaluations 4 --out @D/out" + top1}
	}
	base2 := "search --model @B/net.onnx --calib @B/d.npz --data @B/d.npz" + quick
	folder := []string{"verify @D", "export @D --format overrides --force", "export @D --format promotion --out @D/p.txt", "report @D", base2 + " --out @D"}
	encodings := func(low, high string) []string {
		flags := " --model @B/conv.onnx --encodings-low " + low + " --encodings-high " + high
		return []string{"inspect" + flags, "search" + flags + " --data @B/d16.npz --dry-run" + quick, "eval @B/conv.onnx --encodings " + low + " --data @B/d16.npz"}
	}
	put("deep.onnx", deep().bytes())
	slow := "search --model @B/deep.onnx --calib @B/d.npz --data @B/d.npz --workers 1 --block 8 --metric sqnr --strategy demotion --target 99% --scan naive --json"
	killed(t, program, split(slow+" --out @B/half", base, base))
	list := []victim{
		{"float", "m.onnx", "onnx", "", plain().bytes(), float("@D/m.onnx")},
		{"windows", "m.onnx", "onnx", "", withWindows().bytes(), float("@D/m.onnx")},
		{"example", "m.onnx", "onnx", "", read("../examples/fashion/model.onnx"), []string{"inspect --model @D/m.onnx --all", "eval @D/m.onnx --data @B/fashion.npz",
			"search --model @D/m.onnx --calib @B/fashion.npz --data @B/fashion.npz --dry-run" + quick, "search --model @D/m.onnx --calib @B/fashion.npz --data @B/fashion.npz --evaluations 3 --out @D/out" + top1}},
		{"functions", "m.onnx", "onnx", "", withFunctions().bytes(), float("@D/m.onnx")},
		{"external", "net.onnx", "onnx", "outside", outside, float("@D/net.onnx")},
		{"external data", "w.bin", "bytes", "outside", weights, float("@D/net.onnx")},
		{"written", "m.onnx", "onnx", "", read(filepath.Join(base, "run/mixed.onnx")), []string{"eval @D/m.onnx --data @B/d.npz", "eval @D/m.onnx --data @B/d.npz --session default"}},
		{"qdq", "m.onnx", "onnx", "", read(filepath.Join(base, "ends/net_int8.onnx")), pair("@D/m.onnx", "@B/ends/net_int16.onnx", "@B/d.npz")},
		{"mctq", "m.onnx", "onnx", "", read(filepath.Join(base, "attention_low.onnx")), pair("@D/m.onnx", "@B/attention_high.onnx", "@B/d16.npz")},
		{"mctq tables", "m.onnx", "onnx", "", read(filepath.Join(base, "lutpot_low.onnx")), pair("@D/m.onnx", "@B/lutpot_high.onnx", "@B/d16.npz")},
		{"npz", "d.npz", "zip", "", data, []string{"eval @B/net.onnx --data @D/d.npz", "search --model @B/net.onnx --calib @D/d.npz --data @D/d.npz --dry-run" + quick, "inspect --model @B/net.onnx --calib @D/d.npz"}},
		{"npy", "x.npy", "zip", "", npy("<f4", x, 24, 1, 4, 4), []string{"eval @B/net.onnx --data @D/x.npy --labels @B/d.npz --metric top1"}},
		{"labels", "y.npy", "zip", "", npy("<i8", y, 24), []string{"eval @B/net.onnx --data @B/d.npz --labels @D/y.npy"}},
		{"idx", "i-images-idx3-ubyte", "zip", "", idx, []string{"eval @B/net.onnx --data @D/i-images-idx3-ubyte --metric sqnr --reference @B/net.onnx"}},
		{"png", "a.png", "bytes", "images", picture.Bytes(), []string{"eval @B/net.onnx --data @D"}},
		{"gif", "b.gif", "bytes", "images", moving.Bytes(), []string{"eval @B/net.onnx --data @D"}},
		{"jpeg", "c.jpg", "bytes", "images", photo.Bytes(), []string{"eval @B/net.onnx --data @D"}},
		{"labels.csv", "labels.csv", "text", "images", read(filepath.Join(base, "images/labels.csv")), []string{"eval @B/net.onnx --data @D"}},
		{"profile", "p.yaml", "text", "", read(filepath.Join(base, "profile.yaml")), []string{base2 + " --profile @D/p.yaml --dry-run"}},
		{"start", "s.txt", "text", "", start, []string{base2 + " --start @D/s.txt --evaluations 6 --out @D/out"}},
		{"cost", "c.csv", "text", "", []byte(cost), []string{base2 + " --cost @D/c.csv --evaluations 6 --out @D/out"}},
		{"encodings", "e.json", "text", "", read(filepath.Join(base, "conv_8_100.json")), encodings("@D/e.json", "@B/conv_16_100.json")},
		{"encodings 0.6.1", "e.json", "text", "", read(filepath.Join(base, "conv_8_061.json")), encodings("@D/e.json", "@B/conv_16_100.json")},
		{"result.json", "result.json", "text", "run", read(filepath.Join(base, "run/result.json")), folder},
		{"curve.csv", "curve.csv", "text", "lost", read(filepath.Join(base, "run/curve.csv")), []string{"report @D"}},
		{"mixed.onnx", "mixed.onnx", "onnx", "run", read(filepath.Join(base, "run/mixed.onnx")), []string{"verify @D"}},
		{"journal.db", "journal.db", "zip", "run", read(filepath.Join(base, "run/journal.db")), []string{base2 + " --out @D", base2 + " --out @D --force", "report @D"}},
		{"journal of an unfinished run", "journal.db", "zip", "half", read(filepath.Join(base, "half/journal.db")), []string{slow + " --out @D"}},
		{"write-ahead log of an unfinished run", "journal.db-wal", "zip", "half", read(filepath.Join(base, "half/journal.db-wal")), []string{slow + " --out @D"}},
	}
	put("lost/curve.csv", read(filepath.Join(base, "run/curve.csv")))
	return list
}

// deep is a network with many holders, whose search takes a second.
func deep() graph {
	g := newGraph()
	last := "x"
	for i := range 8 {
		name := func(s string) string { return fmt.Sprint(s, i) }
		g.node("Tanh", name("t"), last).node("Sigmoid", name("s"), last).node("Add", name("r"), name("t"), name("s"))
		last = name("r")
	}
	return behind(g, last)
}

// killed runs the program and kills it in the middle of its search.
func killed(t *testing.T, program string, args []string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, out, `"event":"move"`)
	cmd.Process.Kill()
	cmd.Wait()
}

// split makes words of a command line with its folders put in.
func split(line, base, dir string) []string {
	words := strings.Fields(line)
	for i, w := range words {
		words[i] = strings.NewReplacer("@B", base, "@D", dir).Replace(w)
	}
	return words
}

// split2 moves the first constant of a network into a file of its own.
func split2(g graph) (network, data []byte) {
	w := g.Graph.Initializer[0]
	data = append(make([]byte, 64), w.RawData...)
	entry := func(key, value string) *onnxpb.StringStringEntryProto {
		return &onnxpb.StringStringEntryProto{Key: &key, Value: &value}
	}
	w.ExternalData = []*onnxpb.StringStringEntryProto{entry("location", "w.bin"), entry("offset", "64"), entry("length", fmt.Sprint(len(w.RawData)))}
	w.RawData, w.DataLocation = nil, onnxpb.TensorProto_EXTERNAL.Enum()
	return g.bytes(), data
}

// withWindows is a network of operators whose attributes say how they walk over their input.
func withWindows() graph {
	g := newGraph()
	with := func(attributes ...*onnxpb.AttributeProto) {
		n := g.Graph.Node[len(g.Graph.Node)-1]
		n.Attribute = append(n.Attribute, attributes...)
	}
	ints := func(name string, values ...int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: values}
	}
	one := func(name string, v int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &v}
	}
	g.weights("w1", []int64{4, 1, 3, 3}).node("Conv", "c", "x", "w1")
	with(ints("kernel_shape", 3, 3), ints("strides", 1, 1), ints("pads", 1, 1, 1, 1), ints("dilations", 1, 1), one("group", 1))
	g.node("MaxPool", "m", "c")
	with(ints("kernel_shape", 2, 2), ints("strides", 1, 1), ints("pads", 0, 0, 1, 1), one("ceil_mode", 0))
	g.node("AveragePool", "a", "m")
	with(ints("kernel_shape", 2, 2), ints("strides", 2, 2), one("count_include_pad", 1))
	g.weights("w2", []int64{4, 2, 2, 2}).node("ConvTranspose", "t", "a", "w2")
	with(ints("kernel_shape", 2, 2), ints("strides", 2, 2), one("group", 2))
	g.node("Split", "s", "t")
	with(one("axis", 1))
	last := g.Graph.Node[len(g.Graph.Node)-1]
	last.Output = append(last.Output, "s2")
	g.node("Concat", "k", "s2", "s")
	with(one("axis", 1))
	g.node("Transpose", "p", "k")
	with(ints("perm", 0, 2, 3, 1))
	g.node("Softmax", "so", "p")
	with(one("axis", 3))
	g.node("Flatten", "f", "so")
	with(one("axis", 1))
	g.weights("w3", []int64{5, 64}).weights("b3", []int64{5}).node("Gemm", "y", "f", "w3", "b3")
	with(one("transB", 1))
	return g.output("y", 5)
}

// withFunctions is the plain network behind two calls of functions, one of which calls the other.
func withFunctions() graph {
	g := newGraph()
	g.OpsetImport = append(g.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: proto.String("f.own"), Version: proto.Int64(1)})
	node := func(domain, op, in, out string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{Domain: &domain, OpType: &op, Input: []string{in}, Output: []string{out}}
	}
	function := func(name string, nodes ...*onnxpb.NodeProto) {
		g.Functions = append(g.Functions, &onnxpb.FunctionProto{Domain: proto.String("f.own"), Name: &name, Input: []string{"a"}, Output: []string{"b"}, Node: nodes, OpsetImport: g.OpsetImport})
	}
	function("Inner", node("", "Tanh", "a", "t"), node("", "Sigmoid", "t", "b"))
	function("Outer", node("f.own", "Inner", "a", "u"), node("f.own", "Inner", "u", "b"))
	g.Graph.Node = append(g.Graph.Node, node("f.own", "Outer", "x", "o"))
	return behind(g, "o")
}
