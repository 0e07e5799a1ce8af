package serve

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"example.org/demote/internal/program"
)

// The kinds of frames. A frame is its kind, the length of what follows as uint64, little-endian, and that.
const (
	hello   = "HELO" // both ways, first: JSON
	view    = "VIEW" // what samples are judged: JSON and .npy files
	rows    = "ROWS" // outputs of some samples; the answer has a number for each
	scoring = "SCOR" // asks for the score of an evaluation; the answer has it
	failing = "FAIL" // an answer: why there is none
)

const (
	headSize   = 4 + 8
	mostAnswer = 1 << 30 // bytes of an answer; no request wants as many
)

// begin is a frame with room for its length and for so many bytes.
func begin(kind string, size int) []byte {
	return append(append(make([]byte, 0, headSize+size), kind...), make([]byte, 8)...)
}

// end enters the length of a frame.
func end(frame []byte) []byte {
	binary.LittleEndian.PutUint64(frame[4:], uint64(len(frame)-headSize))
	return frame
}

// appendFloats appends float32 values, little-endian.
func appendFloats(frame []byte, values []float32) []byte {
	at := len(frame)
	frame = append(frame, make([]byte, 4*len(values))...)
	for _, v := range values {
		binary.LittleEndian.PutUint32(frame[at:], math.Float32bits(v))
		at += 4
	}
	return frame
}

// An answer is a frame of the server's.
type answer struct {
	kind string
	body []byte
}

// request is the number of the request that is answered, and the rest of the answer; false if it is too short for one.
func (a answer) request() (number uint64, rest []byte, ok bool) {
	if len(a.body) < 8 {
		return 0, nil, false
	}
	return binary.LittleEndian.Uint64(a.body), a.body[8:], true
}

// numbers are the float64 of an answer; nil where its size is none of these.
func numbers(body []byte) []float64 {
	list := make([]float64, len(body)/8)
	for i := range list {
		list[i] = math.Float64frombits(binary.LittleEndian.Uint64(body[8*i:]))
	}
	return list
}

// read reads a frame. The error is that of the stream, or a stray: what is no frame.
func read(in io.Reader) (a answer, err error) {
	var head [headSize]byte
	n, err := io.ReadFull(in, head[:])
	if err != nil {
		if n > 0 && !known(string(head[:min(n, 4)])) {
			return a, stray(head[:n])
		}
		return a, err
	}
	a.kind = string(head[:4])
	size := binary.LittleEndian.Uint64(head[4:])
	if !known(a.kind) || size > mostAnswer {
		return a, stray(head[:])
	}
	a.body = make([]byte, size)
	_, err = io.ReadFull(in, a.body)
	return a, err
}

// known tells whether a server may answer with such a frame.
func known(kind string) bool {
	return kind == hello || kind == rows || kind == scoring || kind == failing
}

// A stray is what stands on the server's standard output that is no frame.
type stray []byte

func (s stray) Error() string {
	text, _, _ := bytes.Cut(s, []byte("\n"))
	return fmt.Sprintf("its standard output has %q, which is no frame: print to standard error, and import demote_metric before anything prints", strings.ToValidUTF8(program.Shorten(string(text)), "?"))
}
