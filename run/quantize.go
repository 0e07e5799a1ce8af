package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// Quantize is the command quantize: it calibrates a float network and writes its two endpoints as
// QDQ files into the folder Config.Out, named after the network, and returns their paths.
func Quantize(ctx context.Context, c config.Config) (low, high string, err error) {
	c = c.Filled()
	defer func() { err = c.Words.Error(err) }()
	if err := c.CheckBits(); err != nil {
		return "", "", err
	}
	for _, f := range []struct{ flag, value string }{{"--model", c.Model}, {"--calib", c.Calib}, {"--out", c.Out}} {
		if f.value == "" {
			return "", "", mistake.Errorf("%s is missing: demote quantize --model M.onnx --calib C.npz --out DIR", f.flag)
		}
	}
	if err := c.CheckBias(); err != nil {
		return "", "", err
	}
	if c.Formula != "qdq" {
		return "", "", mistake.Errorf("--formula %s: a QDQ file computes formula qdq", c.Formula)
	}
	name := strings.TrimSuffix(filepath.Base(c.Model), filepath.Ext(c.Model))
	widths := c.Words.Widths()
	low, high = filepath.Join(c.Out, name+"_"+widths.LowName()+".onnx"), filepath.Join(c.Out, name+"_"+widths.HighName()+".onnx")
	for _, path := range []string{low, high} {
		if _, err := os.Stat(path); !c.Force && !errors.Is(err, fs.ErrNotExist) {
			return "", "", mistake.Errorf("%s exists; give --out another folder or --force", path)
		}
	}
	chosen := c.WithoutScores()
	if chosen.RangeLow != c.RangeLow {
		c.Say("ranges of int8 by minmax: only a search scores the methods against each other; --range METHOD takes another one")
	}
	network, records, err := task.Quantized(ctx, chosen)
	if err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return "", "", mistake.Errorf("cannot make the folder: %w", err)
	}
	mask := make([]bool, len(records))
	for _, end := range []struct {
		path string
		low  bool
	}{{high, false}, {low, true}} {
		for i := range mask {
			mask[i] = end.low
		}
		m, err := onnx.QDQ(pair.Chosen(network, mask), records, mask)
		if err != nil {
			return "", "", err
		}
		if c.FixShapes && blocks.HasFreeAxes(m) {
			if m, err = task.WithCalibAxes(ctx, m, c); err != nil {
				return "", "", err
			}
		}
		if err := m.Write(end.path); err != nil {
			return "", "", err
		}
	}
	return low, high, nil
}
