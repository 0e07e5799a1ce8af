package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/aimet"
	"example.org/demote/internal/format"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// quantizedMutations are damages that only a quantized file can have, beside the mutations of every file.
var quantizedMutations = []mutation{
	{"parameter of an activation", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if n := someQuantizer(r, p); n != nil && len(n.Attribute) > 0 {
			a := pick(r, n.Attribute)
			a.I, a.F = proto.Int64(pick(r, odd)), proto.Float32(pick(r, []float32{-1, 0, 0x1p-149, 1e38, 3}))
		}
	}},
	{"quantizer of something else", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if n := someQuantizer(r, p); n != nil && len(n.Input) > 0 {
			n.Input[0] = someTensor(r, p)
		}
	}},
	{"quantizer bypassed", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if q := someQuantizer(r, p); q != nil && len(q.Input) > 0 && len(q.Output) > 0 {
			for _, n := range p.Graph.Node {
				if i := slices.Index(n.Input, q.Output[0]); i >= 0 && r.IntN(2) == 0 {
					n.Input[i] = q.Input[0]
				}
			}
		}
	}},
	{"quantizer twice", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if q := someQuantizer(r, p); q != nil && len(q.Output) > 0 {
			c := wire.Clone(q)
			c.Output = []string{q.Output[0] + "_again"}
			p.Graph.Node = append(p.Graph.Node, c)
			pick(r, p.Graph.Node).Input = c.Output
		}
	}},
	{"quantized output", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if q := someQuantizer(r, p); q != nil && len(q.Output) > 0 {
			v := ir.NewValue(q.Output[0], ir.Float, nil)
			v.Type.GetTensorType().Shape = nil // unknown
			p.Graph.Output = append(p.Graph.Output, v)
		}
	}},
	{"constant of another quantizer", func(r *rand.Rand, p *onnxpb.ModelProto) {
		a, b := someQuantizer(r, p), someQuantizer(r, p)
		if a != nil && b != nil && len(a.Input) > 1 && len(b.Input) > 1 {
			a.Input[len(a.Input)-1] = b.Input[len(b.Input)-1]
		}
	}},
}

func someQuantizer(r *rand.Rand, p *onnxpb.ModelProto) *onnxpb.NodeProto {
	var all []*onnxpb.NodeProto
	for _, n := range p.Graph.Node {
		if ir.IsMCTQ(n) || ir.IsQ(n) || ir.IsDQ(n) {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return pick(r, all)
}

// useQuantized reads a model in every way that its nodes allow and goes on with what comes out.
func useQuantized(m *Model) error {
	n, grids, err := ReadQuantized(m, quant.MCTQ)
	if err != nil {
		return err
	}
	if len(n.Holders) == 0 || len(n.Holders) != len(grids) {
		panic("holders without grids")
	}
	records := make([]quant.Record, len(grids))
	tensors := make(map[string]bool)
	for i, g := range grids {
		if err := g.Check(); err != nil {
			panic(err)
		}
		if tensors[n.Holders[i].Tensor] || n.Holders[i].Index != i || n.Holders[i].Name == "" {
			panic("holders share a tensor, or are numbered wrongly")
		}
		tensors[n.Holders[i].Tensor] = true
		records[i] = quant.Record{Low: g, High: g}
	}
	for _, nd := range n.Model.Graph().Node {
		if ir.IsMCTQ(nd) || ir.IsQ(nd) || ir.IsDQ(nd) {
			panic("a quantizer is left")
		}
	}
	sw, err := rewrite.Switchable(n, records)
	if err != nil {
		return err
	}
	made := rewrite.FakeQuants(sw)
	if len(made) != len(grids) {
		panic("not one FakeQuant a holder")
	}
	data, err := sw.Bytes()
	if err != nil {
		return err
	}
	if _, err := ir.Parse(data, ""); err != nil {
		panic("the switchable network cannot be read: " + err.Error())
	}
	if _, err = mctq.Format.Write(format.Mix{Network: n, Records: records, Low: make([]bool, len(records))}); err != nil {
		return err
	}
	if _, err := quantize.Biases(n, records); err != nil {
		return err
	}
	narrow := slices.Clone(grids)
	for i := range narrow {
		narrow[i].Bits = 1
	}
	joined, _, report, err := Pair(n, n, narrow, grids)
	if err != nil {
		return err
	}
	pair.Follow(joined, n, report)
	low := make([]bool, len(joined.Holders))
	for i := range low {
		low[i] = i%2 == 0
	}
	if _, err := ir.NewIndex(pair.Chosen(joined, low).Model); err != nil {
		panic("the chosen network cannot be read: " + err.Error())
	}
	_, _, _, err = Pair(n, n, grids, grids)
	return err
}

// quantizedSeeds are the fixtures of both kinds.
func quantizedSeeds(t testing.TB) map[string]*onnxpb.ModelProto {
	t.Helper()
	all := make(map[string]*onnxpb.ModelProto)
	for _, pattern := range []string{"testdata/mctq/*_low.onnx", "testdata/qdq/conv1*.onnx", "testdata/qdq/conv21_mixed.onnx", "testdata/qdq/attention*.onnx"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ir.Parse(data, "")
			if err != nil {
				t.Fatal(err)
			}
			all[f] = m.Proto
		}
	}
	return all
}

// TestDamagedQuantized damages quantized files in one to three places at a time. The answer is a network that goes on
// to a switchable one, or an error that matches mistake.Err: never a panic.
func TestDamagedQuantized(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	all := slices.Concat(mutations, quantizedMutations, quantizedMutations)
	accepted := 0
	for name, p := range quantizedSeeds(t) {
		for seed := range uint64(60) {
			damaged, did := damage(rand.New(rand.NewPCG(seed, 5)), p, all)
			err := readDamaged(t, fmt.Sprintf("%s, seed %d, %v", name, seed, did), damaged, useQuantized)
			if err == nil || errorIsNothingToDemote(err) {
				accepted++
			}
		}
	}
	t.Logf("%d damaged files were still networks", accepted)
}

// errorIsNothingToDemote is how Pair answers a network that is paired with itself.
func errorIsNothingToDemote(err error) bool {
	return errors.Is(err, mistake.Err) && len(err.Error()) > 0 && slices.Contains([]string{
		"no holder has fewer bits in the 8-bit file than in the 16-bit file: there is nothing to demote"}, err.Error())
}

// FuzzQuantized reads arbitrary bytes as MCTQ or QDQ files.
func FuzzQuantized(f *testing.F) {
	for name := range quantizedSeeds(f) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 12000 {
			f.Add(data)
		}
	}
	for name, p := range quantizedSeeds(f) { // and each damaged in some place
		for seed := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, uint64(len(name))))
			damaged := wire.Clone(p)
			pick(r, slices.Concat(mutations, quantizedMutations)).do(r, damaged)
			data, err := proto.Marshal(damaged)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 12000 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ir.Parse(data, "")
		if err == nil {
			err = useQuantized(m)
		}
		if err != nil && !errors.Is(err, mistake.Err) {
			t.Errorf("error %v does not match mistake.Err", err)
		}
	})
}

// FuzzEncodings reads arbitrary bytes as AIMET encodings.
func FuzzEncodings(f *testing.F) {
	for _, name := range []string{"conv_8_061", "conv_16_100"} {
		data, err := os.ReadFile("testdata/encodings/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		for _, change := range [][2]string{ // each of the values that a grid is made of, in some place
			{`"offset": -`, `"offset": `}, {`"offset": [`, `"offset": [1e300, `}, {`"scale": `, `"scale": -`}, {`"scale": [`, `"scale": [0, `},
			{`"bitwidth": 8`, `"bitwidth": 77`}, {`"bw": 16`, `"bw": "16"`}, {`"version"`, `"versions"`}, {`"name": "`, `"name": "no`}, {`True`, `true`},
		} {
			f.Add(bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1))
			f.Add(bytes.ReplaceAll(data, []byte(change[0]), []byte(change[1])))
		}
	}
	m, err := Read("testdata/encodings/conv.onnx")
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "fuzz.encodings")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := aimet.Read(path)
		if err == nil {
			_, _, err = e.Apply(m)
		}
		if err != nil && !errors.Is(err, mistake.Err) {
			t.Errorf("error %v does not match mistake.Err", err)
		}
	})
}
