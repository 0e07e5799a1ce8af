package far

import (
	"sync"
	"time"

	"example.org/demote/backend/link"
	"example.org/demote/crash"
)

// together is within what time answers go in one message.
const together = 200 * time.Microsecond

// A gather sends the answers of a run: the first at once, and those that end within the time behind it together, in one
// message as soon as the time is over, or as the member has nothing else under way.
type gather struct {
	send func(leases []uint64, m []byte)

	mu      sync.Mutex
	sent    time.Time // the last message
	leases  []uint64  // of the answers that wait, and these
	list    [][]byte
	size    int // bytes of these, and a byte for each
	over    bool
	naps    sync.WaitGroup // the goroutine that sends what waits, of which there is at most one
	napping bool
}

// answer sends the message of an answer now or soon. more says that another one of the member is under way.
func (g *gather) answer(lease uint64, m []byte, more bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return
	}
	if len(m) > link.JoinedBytes || 1+g.size+1+len(m) > link.AnswersBytes {
		g.flush()
	}
	g.leases, g.list, g.size = append(g.leases, lease), append(g.list, m), g.size+1+len(m)
	left := together - time.Since(g.sent)
	if !more || left <= 0 || len(m) > link.JoinedBytes {
		g.flush()
		return
	}
	if g.napping {
		return
	}
	g.napping = true
	g.naps.Go(func() {
		var err error
		defer crash.Catch(&err) // beats miss the answers, and the lease comes again
		nap(left)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.napping = false
		if !g.over {
			g.flush()
		}
	})
}

// flush sends what waits. mu is held: a message is handed over, and nobody waits for it.
func (g *gather) flush() {
	if len(g.list) == 0 {
		return
	}
	g.send(g.leases, link.Answers(g.list))
	g.leases, g.list, g.size = g.leases[:0], g.list[:0], 0
	g.sent = time.Now()
}

// end leaves out what waits. Nothing is sent from then on.
func (g *gather) end() {
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	g.naps.Wait()
}
