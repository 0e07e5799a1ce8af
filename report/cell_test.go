package report

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCellsAreNoFormulas holds that no cell begins as a formula does, and that every text comes back, whatever
// apostrophes it begins with.
func TestCellsAreNoFormulas(t *testing.T) {
	texts := []string{"", "plain", "'", "''", "'plain", "a=1", "=1+2", "'=1", "''=1", "'''", "+", "-1", "@x", "\tx", "\rx", "\nx", "'\t", "'a=", "日"}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var b strings.Builder
		for range rng.IntN(6) {
			b.WriteByte("'=+-@\t\r\na1"[rng.IntN(10)])
		}
		texts = append(texts, b.String())
	}
	cells := map[string]string{}
	for _, text := range texts {
		cell := Cell(text)
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
			t.Errorf("%q becomes %q", text, cell)
		}
		if got := textOf(cell); got != text {
			t.Errorf("%q becomes %q and comes back as %q", text, cell, got)
		}
		if other, ok := cells[cell]; ok && other != text {
			t.Errorf("%q and %q both become %q", text, other, cell)
		}
		cells[cell] = text
	}
}

// TestChainFromCurveHasItsNames reads a curve whose holders have names that a spreadsheet would compute.
func TestChainFromCurveHasItsNames(t *testing.T) {
	dir := t.TempDir()
	text := "step,holder,int8_holders,recorded_score,true_score,cost\n0,'=1+2,1,-0.5,-0.5,2\n1,''@x,2,0.5,0.5,1\n2,'a,3,0.5,0.5,1\n"
	if err := os.WriteFile(filepath.Join(dir, curveFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := Read(dir)
	if len(r.Chain) != 3 || r.Chain[0].Holder != "=1+2" || r.Chain[1].Holder != "'@x" || r.Chain[2].Holder != "'a" {
		t.Errorf("%+v, %q", r.Chain, r.Problems)
	}
}
