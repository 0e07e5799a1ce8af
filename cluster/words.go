package cluster

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Protocol is the version of the messages between a coordinator and its workers: their first byte. Both sides have
// the same one.
const Protocol = 1

// Times of both sides. They are counted in looks at what was heard, so that a process that was stopped for a while
// does not take its own silence for the others'.
const (
	beatEvery   = time.Second
	tickEvery   = 250 * time.Millisecond
	silentLooks = 12 // without a beat, after which a worker is lost: 3 s
	mournLooks  = 60 // without a beat of the search, after which a worker leaves it: 15 s
	backLooks   = 12 // the same on a connection that was made again: it may be another coordinator's
	againAfter  = 2 * time.Second
)

// Sizes of messages, in bytes: less than a server carries in one.
const (
	pieceBytes  = 512 << 10 // of a reply, or of a message of a worker's
	inlineBytes = 64 << 10  // a longer request goes as a file
)

// Subjects of a run. A worker has its name in those that it publishes to, so that it cannot speak for another one;
// instances tell the processes of one name apart.
func helloSubject(worker string) string { return "demote.hello." + worker }
func beatSubject(run string) string     { return "demote." + run + ".beat" }
func upSubject(run, worker, instance string) string {
	return "demote." + run + "." + worker + "." + instance + ".up"
}
func downSubject(run, worker, instance string) string {
	return "demote." + run + "." + worker + "." + instance + ".down"
}

// A kind of message is its second byte.
type kind byte

const (
	kindMessage kind = iota + 1 // down: to a server of the worker's
	kindCall                    // down: number, and a request, or its digest where it lies in a file
	kindFetch                   // down: number, and from where on the rest of its reply is wanted
	kindCancel                  // down: number of a call that nobody waits for any more
	kindGot                     // down: number of a call whose reply has come
	kindClose                   // down: the server is not needed any more
	kindEnd                     // down: why the worker is not of the search any more
	kindBeat                    // up
	kindPart                    // up: of a message of a server's: number, its length, where the part begins
	kindReply                   // up: number, its length, where the piece begins; then a byte, 1 for an error
	kindBye                     // up: why the worker leaves
	kindMissing                 // up: digest of a file that is not where it was put
	kindAgain                   // down: digest of such a file; then a byte, 1 where it was put again
)

// numbered are the bytes in front of what a message of a kind carries, behind the first two: numbers of 8 bytes.
var numbered = map[kind]int{kindCall: 1, kindFetch: 2, kindCancel: 1, kindGot: 1, kindPart: 3, kindReply: 3}

// headBytes are in front of the numbers: the protocol, the kind, and the number of the server, from 1 on.
const headBytes = 4

// message makes a message of numbers and what it carries.
func message(k kind, server uint16, numbers []uint64, body ...[]byte) []byte {
	m := binary.LittleEndian.AppendUint16([]byte{Protocol, byte(k)}, server)
	for _, n := range numbers {
		m = binary.LittleEndian.AppendUint64(m, n)
	}
	for _, b := range body {
		m = append(m, b...)
	}
	return m
}

// errMessage says that a message is none of this protocol.
var errMessage = errors.New("a message of another protocol")

// said is a message that was taken apart. The body is the message's own bytes.
type said struct {
	kind    kind
	server  uint16
	numbers [3]uint64
	body    []byte
}

// opened takes a message apart.
func opened(m []byte) (s said, err error) {
	if len(m) < headBytes || m[0] != Protocol || m[1] < byte(kindMessage) || m[1] > byte(kindAgain) {
		return s, errMessage
	}
	s = said{kind: kind(m[1]), server: binary.LittleEndian.Uint16(m[2:]), body: m[headBytes:]}
	n := numbered[s.kind]
	if len(s.body) < 8*n {
		return s, errMessage
	}
	for i := range n {
		s.numbers[i] = binary.LittleEndian.Uint64(s.body[8*i:])
	}
	s.body = s.body[8*n:]
	return s, nil
}

// Who of a worker: what it says when it comes.
type hello struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"` // of the program
	Runtime  string `json:"runtime"` // ONNX Runtime's version
	Name     string `json:"name"`
	Instance string `json:"instance"`
	Host     string `json:"host"`
	Device   string `json:"device"`
}

// mostHello is the most that a hello, or what it is answered, takes.
const mostHello = 4 << 10

// What a hello is answered with.
const (
	wordWelcome = "welcome" // beat, and be part of the run
	wordLater   = "later"   // the search ends: ask again
	wordRefused = "refused" // never: the reason says why
)

// answer is what a worker is told when it comes.
type answer struct {
	Protocol int    `json:"protocol"`
	Word     string `json:"word"`
	Run      string `json:"run"`
	Why      string `json:"why"`
}

// check says why a worker cannot take part in a search of these versions; empty: it can.
func (h hello) check(version, runtime string) string {
	switch {
	case h.Protocol != Protocol:
		return fmt.Sprintf("it speaks version %d of the protocol, the search %d: give both the same version of demote", h.Protocol, Protocol)
	case h.Version != version:
		return fmt.Sprintf("it is demote %s, the search %s: give both the same version", clean(h.Version), version)
	case h.Runtime != runtime:
		return fmt.Sprintf("it has ONNX Runtime %s, the search %s: give both the same version", clean(h.Runtime), runtime)
	}
	return ""
}

// readHello reads what a worker of a name says.
func readHello(data []byte, name string) (h hello, err error) {
	if len(data) > mostHello {
		return h, errMessage
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, errMessage
	}
	if h.Name != name || !goodName.MatchString(h.Instance) {
		return h, errMessage
	}
	h.Host, h.Device = clean(h.Host), clean(h.Device)
	return h, nil
}

// clean is text of another machine's as it may be printed: one short line without control characters.
func clean(text string) string {
	var out []rune
	for _, r := range text {
		if r < ' ' || r == 0x7f || r > 0xffff || len(out) > 200 {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}
