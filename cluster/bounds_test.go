package cluster_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWorkersAreBounded holds that a worker with a key cannot take memory of the coordinator without bound: a name has
// so many seats, and so many lines that it is refused.
func TestWorkersAreBounded(t *testing.T) {
	b := newBench(t)
	_, said := b.begin(t)
	w, _ := b.dial(t, b.join)
	words := map[string]int{}
	hello := func(i int, version string) {
		t.Helper()
		data := fmt.Appendf(nil, `{"protocol":1,"version":%q,"runtime":"1.2","name":"w1","instance":"i%d","host":"here","device":"cpu"}`, version, i)
		m, err := w.Request("demote.hello.w1", data, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var a struct{ Word, Why string }
		if err := json.Unmarshal(m.Data, &a); err != nil {
			t.Fatal(err)
		}
		words[a.Word]++
		if a.Word == "later" && a.Why != "256 processes of worker w1 are part of the search" {
			t.Errorf("it is told %q", a.Why)
		}
	}
	for i := range 300 {
		hello(i, "1")
	}
	if words["welcome"] != 256 || words["later"] != 44 {
		t.Errorf("300 processes of one name: %v", words)
	}
	for i := range 100 {
		hello(i, fmt.Sprint("other ", i))
	}
	if n := strings.Count(said(), "was refused"); words["refused"] != 100 || n != 8 {
		t.Errorf("%v, and %d lines of refusals", words, n)
	}
}

// TestNothingIsSaidForOthers holds that a worker can have no consumer, which says files on any subject without end, and
// that the coordinator answers a hello to who has said it alone.
func TestNothingIsSaidForOthers(t *testing.T) {
	b := newBench(t)
	b.begin(t)
	second := b.joined(t, "w2")
	if err := b.broker.Reload(); err != nil {
		t.Fatal(err)
	}
	w, _ := b.dial(t, b.join)
	other, _ := b.dial(t, second)
	heard, err := other.SubscribeSync("demote.r1.w2.i2.down")
	if err == nil {
		err = other.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	hello := `{"protocol":1,"version":"1","runtime":"1.2","name":"w1","instance":"i1","host":"here","device":"cpu"}`
	for subject, request := range map[string]string{
		"$JS.API.CONSUMER.CREATE.OBJ_demote.mine": `{"stream_name":"OBJ_demote","config":{"name":"mine","deliver_subject":"demote.r1.w2.i2.down","ack_policy":"none","mem_storage":true}}`,
		"demote.hello.w1":                         hello,
	} {
		if err := w.PublishRequest(subject, "demote.r1.w2.i2.down", []byte(request)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := heard.NextMsg(time.Second); err == nil {
		t.Errorf("for another worker, somebody says %q", m.Data)
	}
	if m, err := w.Request("demote.hello.w1", []byte(hello), 10*time.Second); err != nil || !strings.Contains(string(m.Data), "welcome") {
		t.Errorf("it is not answered itself: %v", err)
	}
}
