package sandbox

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// Network lets a child process load a network and run a block of it, unless this machine has done so before, since some
// files crash ONNX Runtime. The error then names the signal and, if it can be found, the node. If the child neither
// crashes nor ends its run, say gets a warning, and the network is accepted. Network does nothing in a program that has
// not called Child.
func Network(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, config map[string]string, say func(string)) error {
	doubt, err := tryOnce(ctx, m, smallest(m, inputs), config)
	if err == nil && doubt != "" && say != nil {
		say(fmt.Sprintf("warning: %s: %s", m.Path, doubt))
	}
	return err
}

// smallest are inputs with one sample where the network's batch is free: a child has one thread, and need not wait
// for more.
func smallest(m *onnx.Model, inputs []backend.Tensor) []backend.Tensor {
	if blocks.Fixed(m) > 0 {
		return inputs
	}
	one := slices.Clone(inputs)
	for i, in := range one {
		one[i] = in.At(1)
	}
	return one
}

// tryOnce is Network; doubt says what kept a child from showing anything.
func tryOnce(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, config map[string]string) (doubt string, err error) {
	if !TryHere || m.Nodes() == 0 {
		return "", nil
	}
	whole := m
	if loose := variants.Loose(m); len(loose) > 0 { // what reads nothing may still be run, in order to measure it
		var names []string
		for _, v := range m.Outputs() {
			names = append(names, v.Name)
		}
		whole = variants.WithOutputs(m, append(names, loose...)...)
	}
	model, err := whole.Message()
	if err != nil {
		return "", nil // loading it reports the error; it may be loaded in pieces
	}
	key, err := tryKey(model, inputs, config)
	if err != nil || tried(key) {
		return "", nil // loading it reports the same error
	}
	end, err := tryInChild(ctx, model, inputs, config, tryTime)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil: // no child can be had: that is no word about the network
		return "", nil
	case end.ran:
		keepTried(key)
		return "", nil
	case end.late:
		return fmt.Sprintf("one run of it does not come to an end within %v in a process of its own: it goes on here; if that takes too long, interrupt it: the network loops for ever, or is too large for this machine", tryTime), nil
	case end.signal == syscall.SIGKILL:
		return "a process of its own that was to load it first was killed, as a system does that has no more memory: it goes on here; if this is killed too, free some, or look at the network's dimensions", nil
	case !end.died() && !end.loaded && end.signal == 0: // no child can be had either, or no memory for one
		return "", nil
	case !end.died():
		return fmt.Sprintf("a process of its own that was to run it first has ended: %s: it goes on here; if this ends too, free memory, or look at the network's dimensions", end.text), nil
	}
	doing := "loads"
	if end.loaded {
		doing = "runs"
	}
	where := ""
	if i := tryNodes(ctx, m, inputs, config); i >= 0 {
		where = ", at " + m.NodeName(i)
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "", mistake.Errorf("%s: ONNX Runtime %s dies by signal %s when it %s this network%s: export it without that, or name another ONNX Runtime with --ort",
		m.Path, backend.RuntimeVersion(), unix.SignalName(end.signal), doing, where)
}

// nodesTime is how long the search for the node may take, of which a child dies.
var nodesTime = time.Minute

// tryNodes finds the first node of which a child dies, by halving: the network is cut after that many nodes. It is -1
// where no such node is found in time.
func tryNodes(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, config map[string]string) int {
	until := time.Now().Add(nodesTime)
	dies := func(nodes int) bool {
		part := variants.Prefix(m, nodes)
		if part == nil || ctx.Err() != nil {
			return false
		}
		model, err := part.Message()
		if err != nil {
			return false
		}
		end, err := tryInChild(ctx, model, inputs, config, time.Until(until))
		return err == nil && end.died()
	}
	lives, dead, found := 0, m.Nodes(), false
	for dead-lives > 1 {
		if time.Now().After(until) {
			return -1
		}
		if half := (lives + dead) / 2; dies(half) {
			dead, found = half, true
		} else {
			lives = half
		}
	}
	if !found && !dies(dead) { // it dies of the whole alone
		return -1
	}
	return dead - 1
}

// Float is Network for a float network before its calibration.
func Float(ctx context.Context, m *onnx.Model, data blocks.Samples, say func(string)) error {
	block, err := blocks.Choose(m, 0)
	if err != nil {
		return err
	}
	if blocks.Alone(m, data) {
		block = 1
	}
	inputs, err := blocks.Inputs(m, blocks.LargestOf(data, len(m.Inputs())), block)
	if err != nil {
		return err
	}
	return Network(ctx, m, inputs, nil, say)
}

// Source is Network for a cut network as a whole, as it runs in one piece.
func Source(ctx context.Context, s *segments.Source, holders int, say func(string)) error {
	if !TryHere {
		return nil
	}
	m := s.Whole()
	var inputs []backend.Tensor
	for _, v := range m.Inputs() {
		if v.Name == ir.MaskInput {
			inputs = append(inputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: []int64{int64(max(1, holders))}})
			continue
		}
		t, err := s.Tensor(v.Name)
		if err != nil {
			return err
		}
		inputs = append(inputs, t)
	}
	if err := Network(ctx, m, inputs, nil, say); err != nil {
		return fmt.Errorf("the switchable network: %w", err)
	}
	return nil
}
