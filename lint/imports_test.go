package lint

import (
	"go/build/constraint"
	"slices"
	"strings"
	"testing"
)

// mayImport says which rooms of this project the code of a room may import, itself always included. Imports go one
// way: cli -> run -> {bench, holdout, written, question, cost} -> trial -> task -> config -> {report, search,
// backend, onnx, quant, dataset} -> result; backend -> {cuda, cgo, quant}. Records are the vocabulary of onnx and the
// reference of cgo; a backend implements the interface of search. The rooms of onnx lie below internal: formats ->
// prepare -> {affine, opset, unroll} -> {fold, sites} -> {shapes, sinks} -> network -> ir.
var mayImport = map[string][]string{
	// search and backend for the words of progress and metrics
	"cli": {"cluster", "internal/plainyaml", "mistake", "run", "onnx", "internal/memory", "internal/journal", "internal/live", "result", "search", "backend", "backend/metric", "disk", "crash"},
	"run": {"backend", "backend/bounds", "backend/far", "backend/link", "backend/metric", "cluster", "config", "crash", "disk", "engine", "internal/bench",
		"internal/blocks", "internal/both", "internal/calibrate", "internal/commandfiles", "internal/constraint", "internal/cost", "internal/external", "internal/format",
		"internal/holdout", "internal/ir", "internal/journal", "internal/memory", "internal/pair",
		"internal/promotion", "internal/question", "internal/record", "internal/sandbox", "internal/segments",
		"internal/sinks", "internal/stage", "internal/task", "internal/trial", "internal/written", "mistake", "onnx",
		"quant", "report", "result", "search"},
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
	"internal/repair":   {"internal/ir"},
	"internal/rewrite":  {"mistake", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network", "internal/variants", "internal/quantize"},
	"internal/pair":     {"mistake", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network", "internal/quantize"},
	// A room a format, and what a format is.
	"internal/format":    {"mistake", "quant", "internal/ir", "internal/network"},
	"internal/promotion": {"mistake", "internal/format", "internal/network"},
	"internal/qdq":       {"mistake", "internal/format", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network", "internal/opset", "internal/quantize", "internal/prepare"},
	"internal/mctq":      {"mistake", "internal/format", "onnx/onnxpb", "quant", "internal/external", "internal/wire", "internal/ir", "internal/network", "internal/fold", "internal/opset", "internal/quantize", "internal/prepare"},
	"internal/aimet":     {"mistake", "internal/format", "onnx/onnxpb", "quant", "disk", "internal/ir", "internal/network", "internal/quantize", "internal/prepare"},
	// How a network is run over samples.
	"internal/memory":    {},
	"internal/stage":     {"result", "backend", "crash"},
	"internal/blocks":    {"mistake", "onnx", "dataset", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "result", "internal/ir", "internal/variants", "internal/fold", "internal/memory"},
	"internal/segments":  {"mistake", "onnx", "onnx/onnxpb", "quant", "dataset", "backend", "backend/device", "backend/link", "backend/direct", "backend/metric", "backend/bounds", "internal/ir", "internal/network", "internal/pair", "internal/rewrite", "internal/variants", "internal/blocks"},
	"internal/calibrate": {"mistake", "onnx", "quant", "dataset", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "crash", "internal/ir", "internal/network", "internal/repair", "internal/sinks", "internal/sites", "internal/unroll", "internal/variants", "internal/stage", "internal/blocks", "internal/segments"},
	"internal/sandbox":   {"mistake", "onnx", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "disk", "crash", "internal/ir", "internal/variants", "internal/memory", "internal/blocks", "internal/segments"},
	// What a run keeps and obeys.
	"internal/journal":    {"mistake", "search", "backend", "backend/device", "backend/direct", "backend/metric", "backend/bounds", "disk", "result"},
	"internal/live":       {"mistake", "disk", "result", "report", "internal/journal"},
	"internal/plainyaml":  {},
	"internal/constraint": {"mistake", "onnx", "quant", "search", "internal/quantize", "disk", "result", "internal/plainyaml", "internal/sites", "internal/unroll"},
	// A run from what is typed to what is checked: its configuration, the task, trials of it, and what is asked of
	// them.
	"config": {"backend", "backend/metric", "disk", "internal/calibrate", "internal/memory", "internal/stage",
		"mistake", "onnx", "quant", "result", "search"},
	"internal/scan":         {"backend", "crash", "dataset", "internal/blocks", "internal/ir"},
	"internal/record":       {"quant", "result", "search"},
	"internal/commandfiles": {},
	"internal/task": {"backend", "backend/direct", "backend/metric", "config", "dataset", "internal/blocks",
		"internal/calibrate", "internal/constraint", "internal/ir", "internal/journal", "internal/memory",
		"internal/pair", "internal/quantize", "internal/record", "internal/repair", "internal/sandbox", "internal/scan",
		"internal/segments", "internal/sinks", "internal/sites", "internal/stage", "internal/unroll",
		"internal/variants", "mistake", "onnx", "quant", "result", "search"},
	"internal/trial": {"backend", "backend/direct", "backend/metric", "config", "engine", "internal/blocks",
		"internal/ir", "internal/memory", "internal/record", "internal/sandbox", "internal/segments",
		"internal/stage", "internal/task", "internal/variants", "mistake", "onnx", "onnx/onnxpb", "quant", "result",
		"search"},
	"internal/question": {"backend", "backend/metric", "config", "dataset", "internal/blocks",
		"internal/calibrate", "internal/ir", "internal/record", "internal/scan", "internal/segments",
		"internal/stage", "internal/task", "internal/trial", "onnx", "onnx/onnxpb", "quant", "result", "search"},
	"internal/written": {"backend", "backend/device", "backend/metric", "dataset", "disk", "engine",
		"internal/blocks", "internal/ir", "internal/journal", "internal/pair", "internal/record", "internal/sandbox",
		"internal/segments", "internal/stage", "internal/task", "internal/trial", "internal/variants", "mistake", "onnx", "result",
		"search"},
	"internal/holdout": {"crash", "dataset", "internal/memory", "internal/record", "internal/task",
		"internal/trial", "mistake", "result", "search"},
	"internal/both": {"search"},
	"internal/bench": {"backend", "backend/direct", "backend/metric", "config", "internal/blocks",
		"internal/segments", "internal/stage", "internal/task", "internal/trial", "mistake", "search"},
	"internal/cost": {"config", "disk", "internal/constraint", "internal/sites", "internal/task", "mistake",
		"onnx", "quant", "result", "search"},

	// What the tests of these rooms share.
	"internal/serve/servetest": {"crash"},
	"internal/onnxtest":        {"mistake", "onnx/onnxpb", "quant", "internal/wire", "internal/ir", "internal/network"},
	"internal/tasktest": {"backend", "backend/direct", "backend/metric", "cgo", "cgo/orttest", "config", "internal/blocks", "internal/ir",
		"internal/npy", "internal/onnxtest", "onnx", "onnx/onnxpb", "result"},
	"internal/trialtest":   {"backend", "backend/metric", "config", "internal/trial", "search"},
	"internal/onnxruntest": {"mistake", "onnx", "onnx/onnxpb", "quant", "cgo", "internal/ir", "internal/network", "internal/pair", "internal/aimet"},

	// The evaluator is a face over rooms of its own: what a score is, what a device is, the two there are, what lies
	// on them, and when a trial's outcome is certain.
	"backend": {"mistake", "cgo", "quant", "search", "backend/bounds", "backend/metric", "backend/device", "backend/link", "backend/internal/machine", "backend/internal/gpu"},
	"backend/internal/machine": {"mistake", "quant", "search", "disk", "crash", "backend/bounds", "backend/fleet", "backend/link", "backend/metric", "backend/device",
		"backend/internal/cpu", "backend/internal/gpu", "backend/internal/store"},
	"backend/direct":         {"cgo", "crash", "backend/device", "backend/internal/cpu", "backend/internal/store"},
	"backend/internal/store": {"mistake", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/internal/cpu":   {"cgo", "crash", "quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/internal/gpu":   {"cgo", "cuda", "mistake", "quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/devicetest":     {"onnx/onnxpb", "quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/device":         {"mistake", "cgo", "crash", "quant", "search", "backend/bounds", "backend/metric"},
	"backend/metric":         {"mistake", "search", "internal/npy", "internal/program", "internal/serve", "backend/bounds", "backend/detect"},
	"internal/program":       {},
	"internal/serve":         {"mistake", "crash", "internal/npy", "internal/program"},
	"backend/detect":         {},
	"backend/fleet":          {"crash", "backend/bounds"},
	// A member on another machine: the words between both sides, and the worker's, which makes a network of a file.
	"backend/link":          {"quant", "search", "backend/bounds", "backend/metric", "backend/device"},
	"backend/link/linktest": {"backend/link"},
	"backend/far": {"crash", "backend", "backend/bounds", "backend/device", "backend/fleet", "backend/internal/machine", "backend/link", "backend/metric",
		"internal/memory", "internal/segments"},
	"backend/bounds": {"search"},

	// What carries a search to other machines; the only room that imports NATS.
	"cluster": {"backend/link", "crash", "disk", "mistake"},

	"cgo":  {"quant"},
	"cuda": {"mistake", "quant", "crash"},
	// The search is a face over rooms that a user of its results needs too; what lies below them imports nothing.
	"search":             {"mistake", "search/trial", "search/claim", "search/proof", "search/target", "search/units", "search/internal/mt", "search/searchtest"},
	"search/claim":       {"search/trial"},
	"search/proof":       {},
	"search/target":      {"mistake", "search/claim", "search/trial"},
	"search/units":       {"mistake", "search/trial"},
	"search/trial":       {"mistake"},
	"search/internal/mt": {},
	"search/searchtest":  {"search"},
	"quant":              {"mistake"},
	// Below dataset: arrays and images as samples, what their files hold, and the types of elements.
	"dataset":                 {"mistake", "disk", "crash", "internal/float16", "dataset/internal/number", "dataset/internal/files", "dataset/internal/arrays", "dataset/internal/images"},
	"dataset/internal/arrays": {"mistake", "disk", "dataset/internal/number", "dataset/internal/files"},
	"dataset/internal/images": {"mistake", "disk", "crash", "dataset/internal/files"},
	"dataset/internal/files":  {"mistake", "disk"},
	"dataset/internal/number": {"internal/float16"},
	"report":                  {"mistake", "result", "disk", "internal/layered"},
	"internal/layered":        {},
	"result":                  {"disk"}, // what result.json holds
	"disk":                    {},
	"internal/npy":            {},
	"crash":                   {},
	"mistake":                 {},
	"lint":                    {"cli"}, // the commands in the documents are compared with the program's
}

// testsMayImport adds what only the tests of a room may import: a test may drive the rooms beside it on real input.
var testsMayImport = []string{"cgo", "cuda", "onnx", "quant", "dataset", "search", "search/searchtest", "backend", "config", "crash", "mistake"}

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
			if room == f.room || slices.Contains(allowed, room) || f.test && !strings.HasPrefix(f.room, "search") && (slices.Contains(testsMayImport, room) || belowONNX(room) || strings.HasPrefix(room, "backend/")) {
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

// TestOnlyTheClusterImportsNATS holds that a program without the cluster's room has no server in it.
func TestOnlyTheClusterImportsNATS(t *testing.T) {
	for _, f := range parseAll(t) {
		for _, path := range f.imports() {
			if strings.HasPrefix(path, "github.com/nats-io/") && f.room != "cluster" {
				t.Errorf("%s imports %s: only cluster may", f.path, path)
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
