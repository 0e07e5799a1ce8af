package machine

import (
	"errors"
	"fmt"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/crash"
)

// coming is what is known of the answer to a block whose output rows are on their way, in pieces and in any order.
type coming struct {
	rows   []float32
	pieces map[int]bool // by the first value
	values int          // of the pieces that are here
	answer *bounds.Answer
}

// Lease implements fleet.Member.
func (e *elsewhere) Lease(l *bounds.Lease) {
	e.mu.Lock()
	e.hand, e.since = l, e.newest+1
	e.heard, e.coming = map[int]bool{}, map[int]*coming{}
	e.lost, e.over, e.still = 0, false, 0
	m := e.message(l.From)
	e.mu.Unlock()
	e.send(m)
}

// message is that of the lease at hand, from a block on, under a new number. mu is held.
func (e *elsewhere) message(from int) []byte {
	e.newest++
	e.answers, e.beats = map[int]bool{}, 0
	l := *e.hand
	l.From = from
	if !e.of.judgesThere { // the worker knows of no losses
		l.Rows, l.Unjudged, l.Spare = true, true, bounds.Endless
	}
	return link.Lease(e.newest, &l)
}

func (e *elsewhere) send(m []byte) {
	if err := e.link.Send(m); err != nil {
		_ = e.lose(err)
	}
}

// Drop implements fleet.Member.
func (e *elsewhere) Drop(id uint64) {
	e.mu.Lock()
	drop := e.hand != nil && e.hand.ID == id
	if drop {
		e.hand = nil
	}
	number := e.newest
	e.mu.Unlock()
	if drop {
		e.send(link.Drop(number))
	}
}

// hear takes what the worker sends by itself. What is no message, or of a lease that is not at hand, is left out.
func (e *elsewhere) hear(m []byte) {
	kind, err := link.KindOf(m)
	if err != nil {
		return
	}
	switch kind {
	case link.KindBeat:
		e.beat(m)
	case link.KindLost:
		_ = e.lose(errors.New(link.Why(m)))
	case link.KindPiece:
		e.piece(m)
	case link.KindAnswer, link.KindSum, link.KindCounts:
		if a, err := link.ReadAnswer(m); err == nil {
			e.answered(a)
		}
	case link.KindAnswers:
		list, _ := link.ReadAnswers(m)
		for _, one := range list {
			e.hear(one)
		}
	case link.KindFailed, link.KindFull:
		lease, err := link.LeaseOf(m)
		block, err2 := link.BlockOf(m)
		if err == nil && err2 == nil {
			said := fmt.Errorf("%s: %w", e.Name(), link.Said(link.FailedWhy(m), kind == link.KindFull))
			if a := (bounds.Answer{Lease: lease, Block: block, Err: said}); !e.handOver(a) {
				e.answered(a)
			}
		}
	}
}

// beat sends the lease at hand again where what the worker has to say of it does not come.
func (e *elsewhere) beat(m []byte) {
	lease, answers, steps, err := link.ReadBeat(m)
	if err != nil {
		return
	}
	e.mu.Lock()
	e.pulse.stepped(steps)
	var again []byte
	switch {
	case e.hand == nil || lease == e.newest && answers <= uint64(len(e.answers)) && !e.torn():
		e.beats = 0
	default:
		if e.beats++; e.beats < lostBeats {
			break
		}
		for _, b := range e.blocks {
			if b >= e.hand.From && !e.heard[b] {
				again = e.message(b)
				break
			}
		}
	}
	e.mu.Unlock()
	if again != nil {
		e.send(again)
	}
}

// torn says whether the answer to a block is here and pieces of its rows are not. mu is held.
func (e *elsewhere) torn() bool {
	for _, c := range e.coming {
		if c.answer != nil {
			return true
		}
	}
	return false
}

// wants says whether a message is about a block of the lease at hand of which nothing is known yet. mu is held.
func (e *elsewhere) wants(lease uint64, block int) bool {
	if e.hand == nil || lease < e.since || lease > e.newest || block < e.hand.From || e.hand.Only != nil && !slices.Contains(e.hand.Only, block) {
		return false
	}
	return e.has(block) && !e.heard[block]
}

// has says whether a block is of the worker's own. mu is held.
func (e *elsewhere) has(block int) bool {
	_, own := slices.BinarySearch(e.blocks, block)
	return own
}

// fits says whether an answer can be that of its block. mu is held.
func (e *elsewhere) fits(a *bounds.Answer) bool {
	samples := len(e.of.samplesOf(a.Block))
	return fits(&a.Gain, samples) && (a.Err != nil || !e.of.judgesThere || e.of.judgeOf(a.Block).Fits(a.Gain.Outcomes, samples))
}

// fits says whether no more samples than there are count in a gain.
func fits(g *bounds.Gain, samples int) bool {
	for i, w := range g.Hits {
		if beyond := max(0, 64*(i+1)-samples); w != 0 && (beyond >= 64 || w>>(64-beyond) != 0) {
			return false
		}
	}
	return true
}

// withRows says whether the worker sends output rows for the lease at hand. mu is held.
func (e *elsewhere) withRows() bool { return e.hand.Rows || !e.of.judgesThere }

// ofBlock is what is known of a block on its way. mu is held.
func (e *elsewhere) ofBlock(block int) *coming {
	c := e.coming[block]
	if c == nil {
		words := e.of.judgeOf(block).Length()
		if e.hand.Marks != bounds.NoMarks {
			words = metric.MarkWords(e.hand.Marks == bounds.Digests)
		}
		c = &coming{rows: make([]float32, len(e.of.samplesOf(block))*words), pieces: map[int]bool{}}
		e.coming[block] = c
	}
	return c
}

// piece takes a piece of output rows.
func (e *elsewhere) piece(m []byte) {
	lease, err := link.LeaseOf(m)
	block, err2 := link.BlockOf(m)
	if err != nil || err2 != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.wants(lease, block) || !e.withRows() {
		return
	}
	c := e.ofBlock(block)
	from, to, err := link.ReadPiece(m, c.rows)
	if err != nil || c.pieces[from] {
		return
	}
	c.pieces[from] = true
	e.still = 0
	c.values += to - from
	e.complete(block, c)
}

// answered takes an answer, which may be in front of its rows.
func (e *elsewhere) answered(a bounds.Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hand != nil && a.Lease == e.newest && e.has(a.Block) {
		e.answers[a.Block] = true
	}
	if !e.wants(a.Lease, a.Block) || !e.fits(&a) {
		return
	}
	if a.Err != nil || !e.withRows() {
		e.settle(a)
		return
	}
	c := e.ofBlock(a.Block)
	c.answer = &a
	e.complete(a.Block, c)
}

// complete hands on an answer of which all is here. mu is held.
func (e *elsewhere) complete(block int, c *coming) {
	if c.answer == nil || c.values < len(c.rows) {
		return
	}
	delete(e.coming, block)
	a := *c.answer
	a.Rows = c.rows
	e.settle(a)
}

// settle posts an answer, judged. mu is held.
func (e *elsewhere) settle(a bounds.Answer) {
	e.heard[a.Block] = true
	e.still, e.over, e.longest = 0, e.over || a.Err != nil, max(e.longest, a.Seconds)
	e.lost += e.of.loss(a.Block, a.Gain)
	a.Lease, a.Member = e.hand.ID, e.number
	if a.Err != nil || e.of.judgesThere || e.hand.Unjudged {
		if e.post != nil {
			e.post(a)
		}
		return
	}
	c, judge, ctx, post, rows := e.of.cells[a.Block], e.of.judgeOf(a.Block), e.ctx, e.post, e.hand.Rows
	go func() { // a program may judge, which takes its time
		func() {
			defer crash.Catch(&a.Err)
			a.Err = judgeRows(ctx, judge, &a.Gain, a.Rows, c.own)
		}()
		if !rows {
			a.Rows = nil
		}
		post(a)
	}()
}
