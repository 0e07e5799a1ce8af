package servetest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"example.org/demote/crash"
)

// variable says how the server behaves; without it the binary is a test.
const variable = "DEMOTE_TEST_SERVER"

// Line is the command of a server. how is what it judges, whole, hits or values, and perhaps a fault with the request
// at which it begins, such as "hits nan 5", counted from 1: see wrong.
func Line(how string) string {
	return fmt.Sprintf("exec env GORACE=atexit_sleep_ms=0 %s='%s' '%s'", variable, how, os.Args[0])
}

// Main is called at the start of a TestMain: it does not return where the binary is started as a server.
func Main() {
	if how := os.Getenv(variable); how != "" {
		s := &server{in: bufio.NewReader(os.Stdin), how: append(strings.Fields(how), "", "0")}
		s.at, _ = strconv.Atoi(s.how[2])
		s.serve()
		os.Exit(0)
	}
}

type server struct {
	in    *bufio.Reader
	how   []string // what is judged, fault, from which request on
	at    int
	asked int
	views map[uint32]*view
}

type view struct {
	labels  []int64
	classes int
	rows    []float32
}

func (s *server) serve() {
	if s.how[1] == "silent" {
		_, _ = io.Copy(io.Discard, s.in)
		return
	}
	if s.how[1] == "early" {
		fmt.Println("loading the table")
	}
	about := map[string]any{"protocol": 1, "judges": s.how[0]}
	switch s.how[1] {
	case "version":
		about["protocol"] = 2
	case "judges":
		about["judges"] = "colours"
	}
	if s.how[0] == "values" && s.how[1] != "open" {
		about["low"], about["high"] = 0, 1
	}
	text, _ := json.Marshal(about)
	s.send("HELO", text)
	s.views = map[uint32]*view{}
	frames := make(chan frame)
	go func() {
		var err error
		defer crash.Catch(&err)
		s.read(frames)
	}()
	for f := range frames {
		for ok := true; ok; { // again with the frame that has come before the answer to another
			var next *frame
			if s.how[1] == "late" && f.kind == "ROWS" {
				select {
				case n, more := <-frames:
					if more {
						next = &n
					}
				case <-time.After(Late):
				}
			}
			switch f.kind {
			case "VIEW":
				s.open(f.body)
			case "ROWS":
				s.rows(f.body)
			case "SCOR":
				s.score(f.body)
			}
			if ok = next != nil; ok {
				f = *next
			}
		}
	}
}

// Late is how long a server with the fault "late" waits with an answer for the next request.
const Late = 200 * time.Millisecond

type frame struct {
	kind string
	body []byte
}

// read hands on what comes in.
func (s *server) read(frames chan<- frame) {
	defer close(frames)
	for {
		var head [12]byte
		if _, err := io.ReadFull(s.in, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint64(head[4:]))
		if _, err := io.ReadFull(s.in, body); err != nil {
			return
		}
		frames <- frame{string(head[:4]), body}
	}
}

func (s *server) send(kind string, parts ...[]byte) {
	body := bytes.Join(parts, nil)
	_, _ = os.Stdout.Write(append(binary.LittleEndian.AppendUint64([]byte(kind), uint64(len(body))), body...))
}

var number = regexp.MustCompile(`\d+`)

// open reads a view: JSON, the numbers of the samples, and labels of int64.
func (s *server) open(body []byte) {
	n := binary.LittleEndian.Uint32(body)
	var about struct {
		View    uint32
		Outputs []struct{ Shape []int }
		Labels  []struct{ Name string }
	}
	if err := json.Unmarshal(body[4:4+n], &about); err != nil {
		panic(err)
	}
	v, rest := &view{classes: 1}, body[4+n:]
	for _, d := range about.Outputs[0].Shape {
		v.classes *= d
	}
	for range 1 + len(about.Labels) {
		size := int(binary.LittleEndian.Uint16(rest[8:]))
		_, shape, _ := strings.Cut(string(rest[10:10+size]), "'shape'")
		count, _ := strconv.Atoi(number.FindString(shape))
		v.labels = make([]int64, count)
		for i := range v.labels {
			v.labels[i] = int64(binary.LittleEndian.Uint64(rest[10+size+8*i:]))
		}
		rest = rest[10+size+8*count:]
	}
	v.rows = make([]float32, len(v.labels)*v.classes)
	s.views[about.View] = v
}

// rows judges a block, or keeps it.
func (s *server) rows(body []byte) {
	v := s.views[binary.LittleEndian.Uint32(body[8:])]
	n := int(binary.LittleEndian.Uint32(body[12:]))
	var answer []byte
	for i := range n {
		sample := int(binary.LittleEndian.Uint32(body[16+4*i:]))
		row := v.rows[sample*v.classes : (sample+1)*v.classes]
		for c := range row {
			row[c] = math.Float32frombits(binary.LittleEndian.Uint32(body[16+4*n+4*(i*v.classes+c):]))
		}
		answer = binary.LittleEndian.AppendUint64(answer, math.Float64bits(v.hit(sample)))
	}
	if s.how[0] != "whole" {
		s.answer("ROWS", body[:8], answer)
	}
}

func (s *server) score(body []byte) {
	right, n := 0.0, 0
	for i := 8; i < len(body); i += 4 {
		v := s.views[binary.LittleEndian.Uint32(body[i:])]
		for sample := range v.labels {
			right += v.hit(sample)
		}
		n += len(v.labels)
	}
	s.answer("SCOR", body[:8], binary.LittleEndian.AppendUint64(nil, math.Float64bits(right/float64(n))))
}

// hit is 1 where the first maximum of a sample's row is its label.
func (v *view) hit(sample int) float64 {
	row, best := v.rows[sample*v.classes:(sample+1)*v.classes], 0
	for c, x := range row {
		if x > row[best] {
			best = c
		}
	}
	if int64(best) == v.labels[sample] {
		return 1
	}
	return 0
}

// answer answers a request, rightly or as the fault has it.
func (s *server) answer(kind string, request, numbers []byte) {
	if s.asked++; s.asked < s.at || s.at == 0 || !s.wrong(kind, request, numbers) {
		s.send(kind, request, numbers)
	}
}

// wrong answers in a wrong way; false: rightly.
func (s *server) wrong(kind string, request, numbers []byte) bool {
	first := func(v float64) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), numbers[8:]...)
	}
	switch s.how[1] {
	case "dies":
		fmt.Fprintln(os.Stderr, "no table")
		os.Exit(9)
	case "ends":
		os.Exit(0)
	case "hangs":
		time.Sleep(time.Minute)
	case "child": // which keeps the streams open
		c := exec.Command("sleep", "60")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if c.Start() == nil {
			os.Exit(9)
		}
	case "twice":
		s.send(kind, request, numbers)
		s.send(kind, request, numbers)
	case "other":
		s.send(kind, binary.LittleEndian.AppendUint64(nil, 1<<40), numbers)
	case "garbage":
		fmt.Println("epoch 1 of 10")
	case "short":
		s.send(kind, []byte{1, 2})
	case "kind":
		s.send("HELO", []byte("{}"))
	case "few":
		s.send(kind, request, numbers[8:])
	case "nan":
		s.send(kind, request, first(math.NaN()))
	case "half":
		s.send(kind, request, first(0.5))
	case "two":
		s.send(kind, request, first(2))
	case "lots":
		s.send(kind, request, first(float64(1-int(math.Float64frombits(binary.LittleEndian.Uint64(numbers))))))
	case "closed":
		_ = os.Stdout.Close()
		time.Sleep(time.Minute)
	case "says":
		s.send("FAIL", request, []byte("no table\nof classes"))
	case "shrugs":
		s.send("FAIL", request)
	default:
		return false
	}
	return true
}
