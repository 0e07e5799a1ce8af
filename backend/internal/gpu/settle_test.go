//go:build cuda && !gpu && !placement

package gpu

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
)

// TestEmulatedLoosePartsAreMadeAgain holds that a part whose runs do not repeat is made again with cuDNN asked another
// way, until they do or there is no other way, and that the search is told. Random numbers stand for an engine that
// adds its pieces in any order.
func TestEmulatedLoosePartsAreMadeAgain(t *testing.T) {
	emutest.Set(t, "shared=1")
	node := func(op string, in []string, out string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String(op), Name: proto.String(op), Input: in, Output: []string{out}}
	}
	for name, c := range map[string]struct {
		loose, mended bool
		engines       int
		remark        string
	}{
		"runs repeat":       {false, false, 0, ""},
		"another way mends": {true, true, 1, "1 of 1 parts did not give the same bits twice with the engines that cuDNN chose first: they use cudnn_conv_algo_search=EXHAUSTIVE"},
		"no way mends":      {true, false, 2, "they use cudnn_conv_algo_search=DEFAULT"},
	} {
		t.Run(name, func(t *testing.T) {
			g := emulated(t, 2)
			steady, s := segment(t, false), segment(t, false)
			if c.loose {
				s = segment(t, false, node("RandomUniformLike", []string{"m"}, "r"), node("Add", []string{"m", "r"}, "n"))
			}
			l := laneOf(t, g, s)
			b := blocksOf(t, g, s, 1)[0]
			if c.mended {
				l.parts[0].model = steady.Model
			}
			err := l.Do(func() error {
				if err := l.RunPart(b, 0); err != nil {
					return err
				}
				return l.Settle(0)
			})
			if err != nil {
				t.Fatal(err)
			}
			if p := l.parts[0]; p.engines != c.engines || !strings.HasSuffix(l.Remark(), c.remark) || (l.Remark() == "") != (c.remark == "") {
				t.Errorf("cuDNN was asked in way %s, and said was %q", cgo.Engines[p.engines], l.Remark())
			}
			if l.Settled(); l.parts[0].model.Bytes != nil {
				t.Error("the model of a settled part is kept")
			}
			if err := l.Do(func() error { return device.Lane(l).RunPart(b, 0) }); err != nil {
				t.Error(err)
			}
		})
	}
}
