package cluster_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/cluster"
	"example.org/demote/mistake"
)

// TestTwoSearches has a second search come to a NATS of others whose only worker is part of a first one: it is told so
// while it waits, and at the end of its wait, and who lists the cluster sees both.
func TestTwoSearches(t *testing.T) {
	o := newOthers(t)
	creds := o.creds(t, cluster.CoordinatorRights())
	var mu sync.Mutex
	said := ""
	open := func(name string, wait time.Duration) *cluster.Gathered {
		g, err := cluster.Gathering{URL: "tls://" + o.at, Creds: creds, Least: 1, Wait: wait, Search: name, Version: "1", Runtime: "1.2", Say: func(line string) {
			mu.Lock()
			defer mu.Unlock()
			said += line + "\n"
		}}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Close)
		return g
	}
	first := open("one", 20*time.Second)
	w := newBench(t).credsWorker(t, o.at, o.creds(t, cluster.WorkerRights("w9")), "w9")
	defer w.stop()
	if links, err := first.Links(t.Context()); err != nil || len(links) != 1 {
		t.Fatalf("%d links, %v", len(links), err)
	}
	second := open("two", time.Second)
	const busy = "1 workers of this cluster are busy with the search in one"
	if _, err := second.Links(t.Context()); !mistake.Is(err) || !strings.Contains(err.Error(), "0 of 1 workers came within 1s, and "+busy+": start more (demote worker), or give a longer option wait") {
		t.Errorf("the second search: %v", err)
	}
	mu.Lock()
	if !strings.Contains(said, busy+": they come when it ends\n") || strings.Contains(said, "search in two") {
		t.Errorf("it says %s", said)
	}
	mu.Unlock()
	admin, err := cluster.Administer(o.at, "", creds)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	s, err := admin.Status(t.Context())
	if err != nil || len(s.Others) != 1 || s.Run == s.Others[0].Run || len(s.Workers)+len(s.Others[0].Workers) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if s.Run == "one" {
		s = s.Others[0]
	}
	if s.Waits != "workers: 0 are there, and 0 on their way; "+busy {
		t.Errorf("it waits for %q", s.Waits)
	}
}

// TestLateWorkers holds that a worker which comes while a search runs has a link once, and that one which has left and
// comes again has a new one.
func TestLateWorkers(t *testing.T) {
	o := newOthers(t)
	g, err := cluster.Gathering{URL: "tls://" + o.at, Creds: o.creds(t, cluster.CoordinatorRights()), Least: 1, Wait: 20 * time.Second, Search: "one", Version: "1", Runtime: "1.2"}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	b := newBench(t)
	start := func(name string) *hand { return b.credsWorker(t, o.at, o.creds(t, cluster.WorkerRights(name)), name) }
	first := start("w1")
	if links, err := g.Links(t.Context()); err != nil || len(links) != 1 {
		t.Fatalf("%d links, %v", len(links), err)
	}
	if links := g.Come(9); len(links) > 0 {
		t.Errorf("%s has come before anybody has", links[0].Name())
	}
	late := func(want string) {
		t.Helper()
		end := time.After(20 * time.Second)
		for {
			switch links := g.Come(9); {
			case len(links) == 1 && strings.HasPrefix(links[0].Name(), want+" ("):
				if links := g.Come(9); len(links) > 0 {
					t.Errorf("%s has come twice", links[0].Name())
				}
				return
			case len(links) > 0:
				t.Fatalf("%d have come, %s first", len(links), links[0].Name())
			}
			select {
			case <-g.Came():
			case <-end:
				t.Fatalf("%s does not come", want)
			}
		}
	}
	second := start("w2")
	late("w2")
	first.stop()
	if err := <-first.ended; err != nil {
		t.Error(err)
	}
	again := start("w1")
	late("w1")
	again.stop()
	second.stop()
}
