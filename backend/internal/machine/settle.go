package machine

import "example.org/demote/backend/device"

// settle has parts whose runs do not repeat made in another way, where a device knows one: every part is run again on
// the first block, under each of the masks that try all grids.
func (e *Single) settle() error {
	if !e.can.Settles {
		return nil
	}
	for _, l := range e.chain.Lanes() {
		l.Plainly(true) // what is captured first is for checkReplays to choose
		err := l.Do(func() error {
			for _, m := range e.probes() {
				if err := l.SetMask(m); err != nil {
					return err
				}
				for p := range e.chain.Parts { // an entry goes on from what the first has left
					if err := settlePart(l, e.data.Blocks[0], p); err != nil {
						return err
					}
				}
			}
			l.Settled()
			return nil
		})
		l.Plainly(false)
		if err != nil {
			return err
		}
	}
	return nil
}

// settlePart runs a part and settles it.
func settlePart(l device.Lane, b device.Block, part int) error {
	if err := l.RunPart(b, part); err != nil {
		return err
	}
	return l.Settle(part)
}
