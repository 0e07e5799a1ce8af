//go:build cuda

package gpu

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
)

// prove runs a part for the first time. Where cuDNN's heuristics know no engine for a convolution in full float32, the
// session is made again with cuDNN asked another way.
func (l *lane) prove(p *part) error {
	err := l.runChecked(p)
	for errors.Is(err, cuda.ErrNoEngine) && p.engines+1 < len(cgo.Engines) {
		p.engines++
		if err = l.remake(p); err == nil {
			err = l.runChecked(p)
		}
	}
	return err
}

// Settle implements device.Lane: an engine that splits a sum among blocks may add its pieces in any order, so the
// session is made again with cuDNN asked another way.
func (l *lane) Settle(part int) error {
	p := l.parts[part]
	for {
		same, err := l.repeats(p)
		if err != nil || same || p.engines+1 >= len(cgo.Engines) {
			return err // without another way, the self-test says that the runs do not repeat
		}
		p.engines, p.loose = p.engines+1, true
		if err := l.remake(p); err != nil {
			return err
		}
		if err := l.prove(p); err != nil {
			return err
		}
	}
}

// Settled implements device.Lane.
func (l *lane) Settled() {
	for _, p := range l.parts {
		p.model = device.Model{}
	}
}

// repeats says whether two plain runs of a part on what its inputs hold give the same bits.
func (l *lane) repeats(p *part) (bool, error) {
	var first [][]byte
	for again := range 2 {
		if err := cuda.Explain(p.binding.RunWith(l.plain)); err != nil {
			return false, err
		}
		for i, t := range slices.Concat(p.Outputs, p.Left) {
			rows := make([]byte, l.buffers[t.Name].memory.Len())
			if err := l.buffers[t.Name].memory.Download(l.g.stream, rows); err != nil {
				return false, err
			}
			if again == 0 {
				first = append(first, rows)
			} else if !bytes.Equal(first[i], rows) {
				return false, nil
			}
		}
	}
	return true, nil
}

// Remark implements device.Lane: it says for how many parts cuDNN was asked otherwise than for the others.
func (l *lane) Remark() string {
	none, loose, by := 0, 0, 0
	for _, p := range l.parts {
		by = max(by, p.engines)
		if p.loose {
			loose++
		} else if p.engines > 0 {
			none++
		}
	}
	var said []string
	if none > 0 {
		said = append(said, fmt.Sprintf("cuDNN's heuristics know no engine for convolutions of %d of %d parts", none, len(l.parts)))
	}
	if loose > 0 {
		said = append(said, fmt.Sprintf("%d of %d parts did not give the same bits twice with the engines that cuDNN chose first", loose, len(l.parts)))
	}
	if said == nil {
		return ""
	}
	return fmt.Sprintf("%s: they use cudnn_conv_algo_search=%s", strings.Join(said, "; "), cgo.Engines[by])
}

// remake makes the session of a part again, for its way of asking for engines.
func (l *lane) remake(p *part) (err error) {
	p.binding.Close()
	p.session.Close()
	if p.session, p.plainly, err = p.network.session(p.model, cgo.Engines[p.engines]); err != nil {
		return err
	}
	return l.bind(p)
}
