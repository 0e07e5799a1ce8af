package machine

// Block is the last pass over the compiled chain, and a removable one: every part whose FakeQuant
// nodes can work inside the blocked layout gets a session of that, if its outputs are the same bits
// and it is faster. It returns how many did.
func (e *Single) Block() (int, error) {
	if !e.can.Optimizes || e.opts.Level < 3 || !e.zeroExact() {
		return 0, nil
	}
	optimize, remove, err := e.optimizer()
	if err != nil {
		return 0, nil
	}
	defer remove()
	blocked, cuts := 0, e.chain.Cuts
	for i, p := range e.chain.Parts {
		if p.Mask == "" || len(p.Followed) > 0 {
			continue // a session for each choice of weights: the plain ones
		}
		model, err := e.source.Blocked(cuts[i], cuts[i+1], optimize)
		if err != nil {
			continue // it runs as it is
		}
		better, err := e.chain.Improve(i, model, e.data.Blocks[0], e.probes(), e.measureRuns()+1)
		if err != nil {
			return blocked, err
		}
		if better {
			blocked++
		}
	}
	return blocked, nil
}

// zeroExact says whether zero lies on every grid: the layout pads channels with zeros, which must stay
// zeros.
func (e *Single) zeroExact() bool {
	for _, r := range e.records {
		if !r.Low.ZeroExact() || !r.High.ZeroExact() {
			return false
		}
	}
	return true
}

// NoOps are the holders whose bit is known to change nothing on a block of the base of now, whatever
// other of them change with it.
func (e *Single) NoOps(block int) []int {
	if e.store == nil {
		return nil
	}
	return e.store.NoOps(block)
}
