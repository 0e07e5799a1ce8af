package machine

import (
	"context"
	"fmt"

	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/metric"
	"example.org/demote/crash"
	"example.org/demote/search"
)

// A part is one of Members, in this process or elsewhere. What is asked of it beside leases are few calls, each of
// which runs with no block of it under way. An error that is fleet.ErrGone says that the part is not there any more;
// the others go on then.
type part interface {
	fleet.Member
	plan() (Plan, error)
	block() (int, error)
	selfTest() (*Dependence, error)
	bits() []byte
	// digest is what parts are held against each other by before a search, and look in the middle of one: by what a
	// mask makes of the first block of all.
	digest() ([]byte, error)
	look(mask search.Mask) ([]byte, error)
	// under has another context end what runs from now on, until back is called.
	under(ctx context.Context) (back func(), err error)
	fleeting(on bool) error
	give(gained []metric.Verdict) error
	watchNaN(on bool) (seen bool, err error)
	hiddenNaN(ctx context.Context) (int, error)
	firstNaN(sample int) (string, error)
	firstDifference(with Machine, mask search.Mask, sample int) (string, error)
	noOps(block int) []int
	workers() int
	parts() int
	storedAt() [][]device.StoredTensor
	timeSwitch(mask search.Mask) error
	rebuild() error
	count(s *Stats)
	traffic() device.Traffic
	graphs() (captured int, why string)
	remark() string
	// ping does nothing.
	ping() error
	// end gives all memory back, behind Close.
	end()
}

// here is a part of this process: a member, and the goroutine that runs it.
type here struct {
	*fleet.Local
	m *member
}

var _ part = (*here)(nil)

// newHere is a part over a machine of its own. of says which samples a block has.
func newHere(name string, own body, of layout) *here {
	m := &member{body: own, of: of}
	return &here{fleet.NewLocal(name, m), m}
}

// do calls f with no block of the member under way.
func (h *here) do(f func() error) (err error) {
	h.Do(func() {
		defer crash.Catch(&err)
		err = f()
	})
	if err != nil && h.m.Gone(err) {
		err = fmt.Errorf("%s: %w", h.Name(), err)
	}
	return err
}

// ask is do of a function that returns something.
func ask[T any](h *here, f func() (T, error)) (v T, err error) {
	err = h.do(func() (err error) { v, err = f(); return err })
	return v, err
}

func (h *here) plan() (Plan, error)            { return ask(h, h.m.Plan) }
func (h *here) block() (int, error)            { return ask(h, h.m.Block) }
func (h *here) selfTest() (*Dependence, error) { return ask(h, h.m.SelfTest) }
func (h *here) digest() ([]byte, error) {
	return ask(h, func() ([]byte, error) { return digestOf(h.m, (*Single).digest) })
}
func (h *here) bits() []byte { return h.m.Bits() }

// adopt has the cuts of another part.
func (h *here) adopt(first *here) error {
	return h.do(func() error { return h.m.adopt(first.m.body) })
}

func (h *here) look(mask search.Mask) ([]byte, error) {
	return ask(h, func() ([]byte, error) {
		return digestOf(h.m, func(e *Single) ([]byte, error) { return e.looked(mask) })
	})
}

func (h *here) under(ctx context.Context) (func(), error) {
	back, err := ask(h, func() (func(), error) { return h.m.under(ctx) })
	return func() { h.Do(back) }, err
}

func (h *here) fleeting(on bool) error {
	return h.do(func() error { h.m.Fleeting(on); return nil })
}

func (h *here) give(gained []metric.Verdict) error {
	return h.do(func() error { h.m.Give(gained); return nil })
}

func (h *here) watchNaN(on bool) (bool, error) {
	return ask(h, func() (bool, error) { return h.m.WatchNaN(on) })
}

func (h *here) hiddenNaN(ctx context.Context) (int, error) {
	return ask(h, func() (int, error) { return h.m.HiddenNaN(ctx) })
}

func (h *here) firstNaN(sample int) (string, error) {
	return ask(h, func() (string, error) { return h.m.FirstNaN(sample) })
}

func (h *here) firstDifference(with Machine, mask search.Mask, sample int) (string, error) {
	return ask(h, func() (string, error) { return h.m.FirstDifference(with, mask, sample) })
}

func (h *here) noOps(block int) (holders []int) {
	h.Do(func() { holders = h.m.NoOps(h.m.at[block]) })
	return holders
}

func (h *here) workers() int                      { return h.m.Workers() }
func (h *here) parts() int                        { return h.m.Parts() }
func (h *here) storedAt() [][]device.StoredTensor { return h.m.StoredAt() }
func (h *here) rebuild() error                    { return h.do(h.m.Rebuild) }
func (h *here) ping() error                       { h.Do(func() {}); return nil }
func (h *here) end()                              { h.m.Close() }

func (h *here) timeSwitch(mask search.Mask) error {
	return h.do(func() error { h.m.TimeSwitch(mask); return nil })
}

func (h *here) count(s *Stats) { h.Do(func() { h.m.Count(s) }) }

func (h *here) traffic() (t device.Traffic) {
	h.Do(func() { t = h.m.Traffic() })
	return t
}

func (h *here) graphs() (captured int, why string) {
	h.Do(func() { captured, why = h.m.Graphs() })
	return captured, why
}

func (h *here) remark() (text string) {
	h.Do(func() { text = h.m.Remark() })
	return text
}
