package far_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if n := devicetest.ReferenceLive(); code == 0 && n != 0 {
		fmt.Fprintf(os.Stderr, "%d things are left open\n", n)
		code = 1
	}
	os.Exit(code)
}

// shelf is a host with files, which keeps what is sent.
type shelf struct {
	mu    sync.Mutex
	files map[[32]byte][]byte
	sent  [][]byte
}

func (s *shelf) put(data []byte) link.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest := sha256.Sum256(data)
	s.files[digest] = data
	return link.File{Size: int64(len(data)), Pieces: []link.Digest{digest}}
}

// Get implements link.Host.
func (s *shelf) Get(_ context.Context, digest [32]byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, is := s.files[digest]; is {
		return data, nil
	}
	return nil, errors.New("there is no such file")
}

// Send implements link.Host.
func (s *shelf) Send(m []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, m)
	return nil
}

const block, samples = 4, 10

// served is a server of a toy, with a plan and blocks for it that are right. workers are how many blocks it runs at
// once at most, if that is given.
func served(t testing.TB, workers ...int) (s *far.Server, h *shelf, plan link.Plan, hold link.HoldArgs) {
	t.Helper()
	toy := devicetest.NewToy(block, samples, 21)
	h = &shelf{files: map[[32]byte][]byte{}}
	kind := devicetest.Reference
	most := append(workers, 0)[0]
	s = far.NewServer(h, far.ServerOptions{Kind: &kind, Memory: 1 << 20, Workers: most, Beat: time.Hour, Source: func(n link.Network) (device.Source, error) {
		if string(n.Model) != "toy" {
			return nil, errors.New("not a toy")
		}
		return stepped{toy, n.Steps["x"]}, nil
	}})
	t.Cleanup(s.Close)
	plan = link.Plan{Records: devicetest.ToyRecords(), Samples: samples, Output: "y", Threads: 1,
		Shapes: []link.Shape{{Network: link.Network{File: h.put([]byte("toy")), Holders: toy.Holders(), Outputs: []string{"y"}}, Block: block}}}
	for b := range (samples + block - 1) / block {
		list := link.Block{Number: b}
		var data []byte
		for sample := b * block; sample < min(samples, (b+1)*block); sample++ {
			list.Samples = append(list.Samples, sample)
			one := make([]byte, toy.Inputs()[0].SampleBytes(block))
			if err := toy.Read(0, sample, one); err != nil {
				t.Fatal(err)
			}
			data = append(data, one...)
		}
		list.File = h.put(data)
		hold.Blocks, hold.Own = append(hold.Blocks, list), append(hold.Own, b)
	}
	return s, h, plan, hold
}

// stepped is a toy whose samples have several steps.
type stepped struct {
	*devicetest.Toy
	steps int
}

// Inputs implements device.Source.
func (s stepped) Inputs() []device.Tensor {
	list := s.Toy.Inputs()
	list[0].Steps = s.steps
	return list
}

// ask calls a server and returns what it says is wrong.
func ask(t testing.TB, s *far.Server, call string, args any) string {
	t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	request, _ := json.Marshal(link.Request{Version: link.Version, Call: call, Args: text})
	return wrong(t, s, request)
}

func wrong(t testing.TB, s *far.Server, request []byte) string {
	t.Helper()
	reply, err := s.Call(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	var r link.Reply
	if err := json.Unmarshal(reply, &r); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.Error, "internal error") {
		t.Errorf("%.200s: %s", request, r.Error)
	}
	return r.Error
}

// TestPlansThatCannotBe are refused in words, before much memory is taken.
func TestPlansThatCannotBe(t *testing.T) {
	s, h, right, hold := served(t)
	if text := ask(t, s, "plan", right); text != "" {
		t.Fatal(text)
	}
	for name, c := range map[string]struct {
		change func(p *link.Plan)
		want   string
	}{
		"no samples":         {func(p *link.Plan) { p.Samples = 0 }, "a plan of 0 samples of 1 shapes"},
		"many samples":       {func(p *link.Plan) { p.Samples = 1 << 40 }, "samples of 1 shapes"},
		"a block of none":    {func(p *link.Plan) { p.Shapes[0].Block = -1 }, "in blocks of -1"},
		"a huge block":       {func(p *link.Plan) { p.Shapes[0].Block = 1 << 30 }, "in blocks of"},
		"another block":      {func(p *link.Plan) { p.Shapes[0].Block = 5 }, "blocks of 5 samples, but input"},
		"holders":            {func(p *link.Plan) { p.Shapes[0].Network.Holders = 1 << 30 }, "holders with 4 records"},
		"records":            {func(p *link.Plan) { p.Records = p.Records[1:] }, "4 holders with 3 records"},
		"a grid":             {func(p *link.Plan) { p.Records[1].Low.Scale = 0 }, "scale"},
		"an axis":            {func(p *link.Plan) { p.Axis = -7 }, "axis -7"},
		"an axis too many":   {func(p *link.Plan) { p.Axis = 9 }, "on axis 9"},
		"threads":            {func(p *link.Plan) { p.Threads = -1 }, "-1 threads"},
		"workers":            {func(p *link.Plan) { p.Workers = 1 << 30 }, "1073741824 workers"},
		"a level":            {func(p *link.Plan) { p.Level = 3 }, "optimization level 3"},
		"an output":          {func(p *link.Plan) { p.Output = "z" }, `no output "z"`},
		"a metric":           {func(p *link.Plan) { p.Metric = spec("fuzz") }, `unknown metric "fuzz"`},
		"a whole metric":     {func(p *link.Plan) { p.Metric = spec("auroc") }, "not of single samples"},
		"no truth":           {func(p *link.Plan) { p.Metric = spec("top1") }, "needs labels"},
		"another model":      {func(p *link.Plan) { p.Shapes[0].Network.File = h.put([]byte("no toy")) }, "not a toy"},
		"a huge file":        {func(p *link.Plan) { p.Shapes[0].Network.File.Size = 1 << 50 }, "a file of"},
		"a file of another":  {func(p *link.Plan) { p.Shapes[0].Network.File.Size = 9 }, "is damaged"},
		"no file":            {func(p *link.Plan) { p.Shapes[0].Network.File.Pieces[0][3]++ }, "there is no such file"},
		"endless steps":      {func(p *link.Plan) { p.Shapes[0].Network.Steps = map[string]int{"x": 1 << 60} }, "input x [4 4]: there is room for"},
		"steps of an output": {func(p *link.Plan) { p.Shapes[0].Network.Steps = map[string]int{"x": 10_000} }, "blocks of samples have 1120000 bytes each"},
		"low constants too large": {func(p *link.Plan) {
			p.Shapes[0].Network.Followed, p.Shapes[0].Network.LowFile = []link.Followed{{Name: "w"}}, link.File{Size: 1 << 50, Pieces: make([]link.Digest, 1<<14)}
		}, "a file of"},
		"labels of other classes": {func(p *link.Plan) {
			p.Metric, p.Shapes[0].TruthOf = spec("miou"), &link.Sizes{Pixels: samples, Labelled: []int64{1, 2}}
		}, "needs an output [samples, classes, height, width]"},
		"counts of labels too large": {func(p *link.Plan) {
			p.Metric, p.Shapes[0].TruthOf = spec("f1"), &link.Sizes{Labels: samples, Labelled: make([]int64, 1<<18)}
		}, "there is room for"},
		"truth too large": {func(p *link.Plan) {
			p.Metric, p.Shapes[0].Truth = spec("top1"), &link.Truth{Labels: link.File{Size: 1 << 40, Pieces: make([]link.Digest, 1<<14)}}
		}, "labels: a file of"},
	} {
		p := right
		p.Records = append(p.Records[:0:0], p.Records...)
		p.Shapes = append(p.Shapes[:0:0], p.Shapes...)
		p.Shapes[0].Network.File.Pieces = append(p.Shapes[0].Network.File.Pieces[:0:0], p.Shapes[0].Network.File.Pieces...)
		c.change(&p)
		if text := ask(t, s, "plan", p); !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
		if text := ask(t, s, "digest", nil); !strings.Contains(text, "this worker has no plan") {
			t.Errorf("%s: there is a plan: %q", name, text)
		}
	}
	if text := ask(t, s, "plan", right); text != "" {
		t.Fatal(text)
	}
	if text := ask(t, s, "digest", nil); !strings.Contains(text, "has no samples yet") {
		t.Error(text)
	}
	for name, c := range map[string]struct {
		change func(a *link.HoldArgs)
		want   string
	}{
		"nothing":              {func(a *link.HoldArgs) { *a = link.HoldArgs{} }, "without the first one"},
		"a block twice":        {func(a *link.HoldArgs) { a.Blocks[1] = a.Blocks[0] }, "each once"},
		"a sample twice":       {func(a *link.HoldArgs) { a.Blocks[1].Samples[0] = 0 }, "sample 0 of block 1"},
		"a sample behind":      {func(a *link.HoldArgs) { a.Blocks[1].Samples[0] = 10 }, "sample 10 of block 1"},
		"a negative sample":    {func(a *link.HoldArgs) { a.Blocks[1].Samples[0] = -1 }, "sample -1 of block 1"},
		"a block behind":       {func(a *link.HoldArgs) { a.Blocks[1].Number = 3 }, "block 3 of 4 samples"},
		"a short block":        {func(a *link.HoldArgs) { a.Blocks[0].Samples = a.Blocks[0].Samples[1:] }, "block 0 of 3 samples"},
		"not held":             {func(a *link.HoldArgs) { a.Own = []int{0, 5} }, "block 5 is not held"},
		"in another order":     {func(a *link.HoldArgs) { a.Own = []int{1, 0} }, "not in their order"},
		"twice":                {func(a *link.HoldArgs) { a.Own = []int{0, 1, 1} }, "block 1 is not held, or twice"},
		"another block's file": {func(a *link.HoldArgs) { a.Blocks[0].File = a.Blocks[2].File }, "block 0 has"},
	} {
		var a link.HoldArgs
		text, _ := json.Marshal(hold)
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatal(err)
		}
		c.change(&a)
		if text := ask(t, s, "hold", a); !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
	if text := ask(t, s, "hold", hold); text != "" {
		t.Error(text)
	}
	for call, args := range map[string]any{"look": link.MaskArgs{Mask: "01"}, "time-switch": link.MaskArgs{Mask: "01x1"}, "first-nan": link.NumberArgs{Number: 99}, "no-ops": link.NumberArgs{Number: -1}, "dance": nil} {
		if text := ask(t, s, call, args); text == "" {
			t.Errorf("%s %+v is answered", call, args)
		}
	}
	for _, request := range []string{"", "{", "[]", `{"Version":2}`, `{"Version":2,"Call":"hold","Args":7}`, `{"Version":2,"Call":"look"}`, `{"Version":2,"Call":"plan","Args":"x"}`} {
		if text := wrong(t, s, []byte(request)); text == "" {
			t.Errorf("%q is answered", request)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if text := wrong(t, s, make([]byte, link.RequestBytes+1)); !strings.Contains(text, "at most") {
		t.Error(text)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 2*link.RequestBytes {
		t.Errorf("%d bytes for a request that is too large", after.TotalAlloc-before.TotalAlloc)
	}
	s.Close()
	s.Close()
	if _, err := s.Call(t.Context(), []byte(`{"Version":2,"Call":"hello"}`)); err == nil {
		t.Error("a closed server answers")
	}
}

// FuzzServer hands a server that holds blocks any bytes as a call and as a message.
func FuzzServer(f *testing.F) {
	s, h, plan, hold := served(f)
	more := plan
	more.Shapes = append(more.Shapes[:0:0], more.Shapes...)
	network := &more.Shapes[0].Network
	network.States, network.Steps = []link.State{{Output: "y", Input: "x"}}, map[string]int{"x": 5}
	network.Followed, network.LowFile = []link.Followed{{Name: "w", Holder: 1}}, h.put([]byte("low"))
	text, _ := json.Marshal(more)
	request, _ := json.Marshal(link.Request{Version: link.Version, Call: "plan", Args: text})
	f.Add(request)
	for call, args := range map[string]any{"plan": plan, "hold": hold, "look": link.MaskArgs{Mask: "0101"}, "first-nan": link.NumberArgs{Number: 1}, "fleeting": link.OnArgs{On: true},
		"data": link.DataFile{Path: "x", Size: 9, Offsets: []int64{1}}} {
		text, _ := json.Marshal(args)
		request, _ := json.Marshal(link.Request{Version: link.Version, Call: call, Args: text})
		f.Add(request)
	}
	f.Add(link.Drop(3))
	f.Add(append([]byte{link.Version<<4 | byte(link.KindLease), 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255}, 5, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		_ = wrong(t, s, data)
		s.Message(data)
		h.mu.Lock()
		h.sent = nil
		h.mu.Unlock()
		if text := ask(t, s, "plan", plan); text != "" {
			t.Fatal(text)
		}
		if text := ask(t, s, "hold", hold); text != "" {
			t.Fatal(text)
		}
		s.Message(data)
		if text := ask(t, s, "digest", nil); text != "" {
			t.Fatal(text)
		}
	})
}

func spec(name string) *metric.Spec {
	return &metric.Spec{Name: name}
}
