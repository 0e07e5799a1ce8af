package lint

import (
	"go/build/constraint"
	"slices"
	"strings"
	"testing"
)

// mayImport says which rooms of this project the code of a room may import, itself always included. Imports go one
// way: cli -> run -> {report, search, backend, onnx, quant, dataset} -> result; backend -> {cuda, cgo, quant}.
// Records are the vocabulary of onnx and the reference of cgo; a backend implements the interface of search. The
// rooms of onnx lie below internal: formats -> prepare -> {affine, opset, unroll} -> {fold, sites} -> {shapes, sinks}
// -> network -> ir.
var mayImport = map[string][]string{
	// search and backend for the words of progress and metrics
	"cli": {"mistake", "run", "onnx", "internal/memory", "internal/journal", "result", "search", "backend", "backend/metric", "disk", "crash"},
	"run": {"mistake", "onnx/onnxpb", "internal/memory", "internal/stage", "internal/blocks", "internal/segments", "internal/calibrate", "internal/sandbox", "internal/journal", "internal/constraint", "internal/format", "internal/promotion", "internal/external", "internal/ir", "internal/network", "internal/variants", "internal/fold", "internal/sites", "internal/sinks",
		"internal/unroll", "internal/quantize", "internal/rewrite", "internal/pair", "internal/qdq", "internal/mctq", "internal/aimet",
		"report", "result", "search", "engine", "backend", "backend/metric", "backend/bounds", "backend/direct", "backend/device", "onnx", "quant", "dataset", "disk", "crash"},
	"engine": {"mistake", "onnx", "quant", "dataset", "search", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "internal/sinks", "internal/memory", "internal/blocks", "internal/segments", "internal/calibrate", "internal/constraint"},
	"onnx": {"mistake", "quant", "internal/format", "internal/promotion", "internal/ir", "internal/network", "internal/prepare", "internal/quantize", "internal/pair", "internal/qdq",
		"internal/mctq", "internal/aimet"},
	"onnx/onnxpb": {},

	// The graph and what is known of it; below it, its encoding and the files of its large weights.
	"internal/float16":  {},
	"internal/external": {"mistake"},
	"internal/wire":     {"mistake", "onnx/onnxpb", "internal/external"},
	"internal/ir":       {"mistake", "onnx/onnxpb", "disk", "internal/float16", "internal/external", "internal/wire"},
	"internal/variants": {"mistake", "onnx/onnxpb", "internal/wire", "internal/ir"},
	"internal/network":  {"mistake", "onnx/onnxpb", "quant", "internal/ir"},
	"internal/shapes":   {"mistake", "onnx/onnxpb", "internal/ir"},
	"internal/sinks":    {"mistake", "onnx/onnxpb", "internal/ir", "internal/network"},
	"internal/sites":    {"mistake", "onnx/onnxpb", "internal/float16", "internal/ir", "internal/network", "internal/shapes", "internal/sinks"},
	// Steps on the way from a file to a network.
	"internal/fold":    {"mistake", "onnx/onnxpb", "internal/wire", "internal/float16", "internal/ir", "internal/shapes"},
	"internal/opset":   {"mistake", "onnx/onnxpb", "internal/wire", "internal/float16", "internal/ir", "internal/shapes", "internal/fold"},
	"internal/affine":  {"mistake", "onnx/onnxpb", "internal/ir", "internal/shapes", "internal/sites"},
	"internal/unroll":  {"mistake", "onnx/onnxpb", "internal/ir", "internal/network", "internal/shapes"},
	"internal/prepare": {"mistake", "onnx/onnxpb", "quant", "internal/variants", "internal/ir", "internal/network", "internal/shapes", "internal/sites", "internal/fold", "internal/opset", "internal/affine", "internal/unroll"},
	// What is made of a network.
	"internal/quantize": {"mistake", "onnx/onnxpb", "quant", "internal/external", "internal/ir", "internal/network"},
	"internal/rewrite":  {"mistake", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network", "internal/variants", "internal/quantize"},
	"internal/pair":     {"mistake", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network", "internal/quantize"},
	// A room a format, and what a format is.
	"internal/format":    {"mistake", "quant", "internal/ir", "internal/network"},
	"internal/promotion": {"mistake", "internal/format"},
	"internal/qdq":       {"mistake", "internal/format", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network", "internal/opset", "internal/quantize", "internal/prepare"},
	"internal/mctq":      {"mistake", "internal/format", "onnx/onnxpb", "quant", "internal/external", "internal/wire", "internal/ir", "internal/network", "internal/fold", "internal/opset", "internal/quantize", "internal/prepare"},
	"internal/aimet":     {"mistake", "internal/format", "onnx/onnxpb", "quant", "disk", "internal/ir", "internal/network", "internal/quantize", "internal/prepare"},
	// How a network is run over samples.
	"internal/memory":    {},
	"internal/stage":     {"result", "backend", "crash"},
	"internal/blocks":    {"mistake", "onnx", "dataset", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "result", "internal/ir", "internal/variants", "internal/fold", "internal/memory"},
	"internal/segments":  {"mistake", "onnx", "onnx/onnxpb", "quant", "dataset", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "internal/ir", "internal/network", "internal/pair", "internal/rewrite", "internal/variants", "internal/blocks"},
	"internal/calibrate": {"mistake", "onnx", "quant", "dataset", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "crash", "internal/ir", "internal/sinks", "internal/sites", "internal/unroll", "internal/variants", "internal/stage", "internal/blocks", "internal/segments"},
	"internal/sandbox":   {"mistake", "onnx", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "disk", "crash", "internal/ir", "internal/variants", "internal/memory", "internal/blocks", "internal/segments"},
	// What a run keeps and obeys.
	"internal/journal":    {"mistake", "search", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "disk", "result"},
	"internal/constraint": {"mistake", "onnx", "search", "disk", "internal/sites", "internal/unroll"},
	// What the tests of these rooms share.
	"internal/onnxtest":    {"mistake", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network"},
	"internal/onnxruntest": {"mistake", "onnx", "onnx/onnxpb", "quant", "cgo", "internal/ir", "internal/network", "internal/pair", "internal/aimet"},

	// The evaluator is a face over rooms of its own: what a score is, what a device is, the two there are, what lies
	// on them, and when a trial's outcome is certain.
	"backend": {"cgo", "quant", "search", "backend/bounds", "backend/metric", "backend/device", "backend/internal/machine", "backend/internal/gpu"},
	"backend/internal/machine": {"mistake", "quant", "search", "disk", "crash", "backend/bounds", "backend/metric", "backend/device",
		"backend/internal/cpu", "backend/internal/gpu", "backend/internal/store"},
	"backend/direct":         {"cgo", "crash", "backend/device", "backend/internal/cpu", "backend/internal/store"},
	"backend/internal/store": {"mistake", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/internal/cpu":   {"cgo", "crash", "quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/internal/gpu":   {"cgo", "cuda", "mistake", "quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/devicetest":     {"onnx/onnxpb", "quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/device":         {"mistake", "cgo", "crash", "quant", "search", "backend/bounds", "backend/metric"},
	"backend/metric":         {"mistake", "search", "internal/npy", "backend/bounds"},
	"backend/bounds":         {"search"},

	"cgo":          {"quant"},
	"cuda":         {"mistake", "quant", "crash"},
	"search":       {"mistake"},
	"quant":        {"mistake"},
	"dataset":      {"mistake", "disk", "crash"},
	"report":       {"mistake", "result", "disk"},
	"result":       {"disk"}, // what result.json holds
	"disk":         {},
	"internal/npy": {},
	"crash":        {},
	"mistake":      {},
	"lint":         {"cli"}, // the commands in the documents are compared with the program's
}

// testsMayImport adds what only the tests of a room may import: a test may drive the rooms beside it on real input.
var testsMayImport = []string{"cgo", "cuda", "onnx", "quant", "dataset", "search", "backend", "crash", "mistake"}

// bridges are the only rooms that may contain C.
var bridges = []string{"cgo", "cuda"}

func TestImportsGoOneWay(t *testing.T) {
	for _, f := range parseAll(t) {
		allowed, known := mayImport[f.room]
		if !known {
			t.Errorf("%s: DESIGN's table of rooms has no %q", f.path, f.room)
			continue
		}
		for _, path := range f.imports() {
			if path == "math/rand" {
				t.Errorf("%s imports math/rand: use math/rand/v2, or mathext/prng where the reference's order matters", f.path)
			}
			if path == "C" && !slices.Contains(bridges, f.room) {
				t.Errorf("%s imports C: only the rooms %v may", f.path, bridges)
			}
			rest, ours := strings.CutPrefix(path, "example.org/demote/")
			if !ours {
				continue
			}
			room := roomOf(rest)
			if room == f.room || slices.Contains(allowed, room) || f.test && f.room != "search" && (slices.Contains(testsMayImport, room) || belowONNX(room) || strings.HasPrefix(room, "backend/")) {
				continue
			}
			t.Errorf("%s imports %s: the room %q may import %v", f.path, path, f.room, allowed)
		}
	}
}

// belowONNX tells whether a room is one of those that onnx is the face of.
func belowONNX(room string) bool {
	return strings.HasPrefix(room, "internal/") || room == "onnx/onnxpb"
}

func TestTestSupportStaysOutOfThePrograms(t *testing.T) {
	support := map[string]bool{"testing": true, "testing/quick": true, "net/http/httptest": true}
	for _, f := range parseAll(t) {
		pkg := f.ast.Name.Name
		if f.test || strings.HasSuffix(strings.TrimSuffix(pkg, "_test"), "test") {
			continue
		}
		for _, path := range f.imports() {
			last := path[strings.LastIndex(path, "/")+1:]
			if support[path] || strings.HasPrefix(path, "example.org/demote/") && strings.HasSuffix(last, "test") {
				t.Errorf("%s imports %s, which is for tests", f.path, path)
			}
		}
	}
}

func TestCudaIsBehindItsBuildTag(t *testing.T) {
	for _, f := range parseAll(t) {
		if f.room == "cuda" {
			continue
		}
		for _, path := range f.imports() {
			if (path == "example.org/demote/cuda" || strings.HasPrefix(path, "gorgonia.org/cu")) && !needsTag(f, "cuda") {
				t.Errorf("%s imports %s without the build constraint cuda", f.path, path)
			}
		}
	}
}

// needsTag tells whether the file's build constraint is false as soon as the tag is not set.
func needsTag(f goFile, tag string) bool {
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			return err == nil && !expr.Eval(func(t string) bool { return t != tag })
		}
	}
	return false
}
