package searchtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"example.org/demote/search"
)

// Case is a golden case of the reference search: a score function in closed form and what the search must do on it. The
// cases were made by the reference implementation; every unit is one holder.
type Case struct {
	Name        string   `json:"name"`
	N           int      `json:"n"`       // units
	Samples     int      `json:"samples"` // the total of all scores
	Base        int      `json:"base"`    // samples that the 16-bit network gets right
	Drop        []int    `json:"drop"`    // samples that each unit loses; below zero: wins
	Pairs       [][3]int `json:"pairs"`   // two units, and what they lose together beyond their own drops
	Target      float64  `json:"target"`
	Multiplier  float64  `json:"multiplier"`
	ShuffleSeed uint32   `json:"shuffle_seed"`
	Expect      Expect   `json:"expect"`
}

// Expect is what a case asks for, in the chain mode `last`.
type Expect struct {
	Result        *[]string `json:"result"` // nil: the target cannot be met
	Chain         []Pair    `json:"chain"`
	Evaluations   int       `json:"evaluations"`
	Trace         []Traced  `json:"trace"` // the first masks scored by the naive scan, in order
	TraceComplete bool      `json:"trace_complete"`
}

// Pair is a chain entry: the unit that was demoted, and the score that was recorded for it.
type Pair struct {
	Unit  int
	Score float64
}

// Traced is an evaluation: a mask in text and what it scored.
type Traced struct {
	Mask  string
	Score float64
}

// UnmarshalJSON reads [unit, score].
func (p *Pair) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&p.Unit, &p.Score})
}

// UnmarshalJSON reads [mask, score].
func (t *Traced) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&t.Mask, &t.Score})
}

// Score is the case's score function: base less the drops of the demoted units and of the demoted pairs, clamped to
// 0..samples, over samples.
func (c *Case) Score(_ context.Context, m search.Mask) (search.Score, error) {
	count := c.Base
	for i, d := range c.Drop {
		if m.Low(i) {
			count -= d
		}
	}
	for _, p := range c.Pairs {
		if m.Low(p[0]) && m.Low(p[1]) {
			count -= p[2]
		}
	}
	return search.Score{Count: min(max(count, 0), c.Samples), Total: c.Samples}, nil
}

// Options returns the options of the case for a chain mode.
func (c *Case) Options(mode search.ChainMode) search.Options {
	o := search.NewOptions(c.N, c.Target)
	o.Multiplier, o.Seed, o.Chain, o.OneEnd = c.Multiplier, c.ShuffleSeed, mode, true
	return o
}

// names returns the names that a case gives to units.
func names(units []int) []string {
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = fmt.Sprintf("h%d_activation_holder_quantizer", u)
	}
	return names
}

// Golden reads a file of golden cases. An empty path is the file of this project; a relative one is looked for in the
// working folder of the test, then in the module's root, where the command is usually typed.
func Golden(t testing.TB, path string) []*Case {
	t.Helper()
	if path == "" {
		path = filepath.Join(testdata(), "demotion.jsonl")
	} else if _, err := os.Stat(path); err != nil && !filepath.IsAbs(path) {
		path = filepath.Join(testdata(), "..", "..", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden cases: %v", err)
	}
	var cases []*Case
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		c := new(Case)
		if err := json.Unmarshal(lines.Bytes(), c); err != nil {
			t.Fatalf("%s: case %d: %v", path, len(cases), err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s: no case", path)
	}
	return cases
}

// testdata returns the folder of the recorded cases.
func testdata() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "testdata")
}
