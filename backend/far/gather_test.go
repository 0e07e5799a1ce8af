package far

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/link"
)

// TestAnswersGather holds that the first answer and the last one do not wait, that those between them go together, each
// once, in messages of bounded size, and that none is sent behind the end.
func TestAnswersGather(t *testing.T) {
	var mu sync.Mutex
	var sent [][]byte
	var leases []uint64
	g := &gather{send: func(of []uint64, m []byte) {
		mu.Lock()
		defer mu.Unlock()
		leases, sent = append(leases, of...), append(sent, bytes.Clone(m))
	}}
	messages := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(sent)
	}
	answer := func(block int, more bool) {
		g.answer(7, link.Answer(&bounds.Answer{Lease: 7, Block: block}, 4), more)
	}
	answer(0, true)
	if messages() != 1 {
		t.Error("the first answer waits")
	}
	const n = 5000
	for b := 1; b < n; b++ {
		answer(b, b < n-1)
	}
	if last := messages(); last < 1+25*n/link.AnswersBytes || last > n/10 {
		t.Errorf("%d messages of %d answers", last, n)
	}
	seen := map[int]bool{}
	for _, m := range sent {
		list := [][]byte{m}
		if k, _ := link.KindOf(m); k == link.KindAnswers {
			var err error
			if list, err = link.ReadAnswers(m); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range list {
			a, err := link.ReadAnswer(one)
			if err != nil || seen[a.Block] {
				t.Fatal(a, err)
			}
			seen[a.Block] = true
		}
	}
	if len(seen) != n || len(leases) != n {
		t.Errorf("%d and %d answers, want %d", len(seen), len(leases), n)
	}
	// One that waits is sent though nothing follows.
	before := messages()
	answer(n, true)
	answer(n+1, true)
	for begun := time.Now(); len(g.waits()) > 0; time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("an answer waits for ever")
		}
	}
	if got := messages(); got == before {
		t.Error("nothing is sent")
	}
	answer(n, false)
	answer(n, true)
	g.end()
	behind := messages()
	answer(n, false)
	if messages() != behind || g.napping {
		t.Error("something is sent behind the end")
	}
}

// waits are the answers that wait.
func (g *gather) waits() [][]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.list
}

// TestLongAnswersStayAlone holds that an answer whose length a byte does not hold goes at once, and in front of it what
// waits.
func TestLongAnswersStayAlone(t *testing.T) {
	var sent [][]byte
	g := &gather{send: func(_ []uint64, m []byte) { sent = append(sent, bytes.Clone(m)) }}
	short, long := link.Answer(&bounds.Answer{Block: 1}, 4), link.Answer(&bounds.Answer{Block: 2}, 4)
	for len(long) <= link.JoinedBytes {
		long = append(long, 0)
	}
	g.mu.Lock()
	g.sent, g.leases, g.list, g.size = time.Now(), []uint64{1}, [][]byte{short}, len(short)+1
	g.mu.Unlock()
	g.answer(1, long, true)
	if len(sent) != 2 || !bytes.Equal(sent[0], short) || !bytes.Equal(sent[1], long) {
		t.Errorf("%d messages", len(sent))
	}
	g.end()
}
