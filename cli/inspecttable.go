package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"example.org/demote/cli/tty"
	"example.org/demote/result"
	"example.org/demote/run"
)

// columns is the width that tables of inspect keep to, as terminals begin.
const columns = 80

// holderTable prints holders, a line each. Where that is wider than columns, the grids go to a line of their own, and
// then names that are too long lose their middle: the number tells them apart, and --json has them whole. It reports
// whether one was cut.
func holderTable(w io.Writer, list []run.InspectedHolder, of *result.Widths) (cut bool) {
	rows := [][]string{{"#", "holder", "made by", "read by", of.LowName(), of.HighName()}}
	for _, h := range list {
		low, high := "", ""
		if h.Low != nil {
			low, high = gridText(h.Low), gridText(h.High)
		}
		producer := h.Op
		if producer == "" {
			producer = "(input)"
		}
		rows = append(rows, []string{fmt.Sprint(h.Index), tty.Name(h.Name), tty.Name(producer), tty.Names(h.Consumers), low, high})
	}
	var apart []string // the lines of the grids
	if width(rows) > columns {
		for i, r := range rows {
			line := ""
			if i > 0 && r[4] != "" {
				line = "    " + of.LowName() + " " + r[4] + "  " + of.HighName() + " " + r[5]
			}
			apart, rows[i] = append(apart, line), r[:4]
		}
	}
	cut = fit(rows, 1, 3)
	printRows(w, rows, apart)
	return cut
}

// weightTable prints the holders of weights, each with the widths between which it moves.
func weightTable(w io.Writer, list []run.InspectedHolder) (cut bool) {
	rows := [][]string{{"#", "weights", "read by", "low", "high"}}
	for _, h := range list {
		rows = append(rows, []string{fmt.Sprint(h.Index), tty.Name(h.Name), tty.Names(h.Consumers), h.Weights.LowName(), h.Weights.HighName()})
	}
	cut = fit(rows, 1, 2)
	printRows(w, rows, nil)
	return cut
}

// omittedTable prints the tensors without a holder. The reasons stay whole.
func omittedTable(w io.Writer, list []run.InspectedOmitted) (cut bool) {
	rows := [][]string{{"tensor", "made by", "why it has no holder"}}
	for _, o := range list {
		rows = append(rows, []string{shorter(tty.Name(o.Tensor), columns/2), tty.Name(o.Op), tty.Message(o.Reason)})
		cut = cut || rows[len(rows)-1][0] != tty.Name(o.Tensor)
	}
	printRows(w, rows, nil)
	return cut
}

// gap stands between two cells.
const gap = "  "

func widths(rows [][]string) []int {
	out := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			out[i] = max(out[i], utf8.RuneCountInString(cell))
		}
	}
	return out
}

func width(rows [][]string) int {
	sum := -len(gap)
	for _, w := range widths(rows) {
		sum += w + len(gap)
	}
	return sum
}

// leastReaders is what the second of two columns that are shortened keeps.
const leastReaders = 14

// fit shortens two columns until the rows fit, the second first.
func fit(rows [][]string, first, second int) (cut bool) {
	w := widths(rows)
	both := columns - (width(rows) - w[first] - w[second])
	if w[first]+w[second] <= both {
		return false
	}
	at := max(leastReaders, both-w[first])
	at = min(at, w[second])
	for _, r := range rows {
		for column, most := range map[int]int{first: both - at, second: at} {
			if s := shorter(r[column], most); s != r[column] {
				r[column], cut = s, true
			}
		}
	}
	return cut
}

// shorter takes the middle out of a text of more than most characters; its end tells more than its beginning.
func shorter(s string, most int) string {
	runes := []rune(s)
	if most = max(most, 8); len(runes) <= most {
		return s
	}
	head := (most - 3) / 3
	return string(runes[:head]) + "..." + string(runes[len(runes)-(most-3-head):])
}

// printRows writes rows in columns, and below each the line that goes with it.
func printRows(w io.Writer, rows [][]string, below []string) {
	wide := widths(rows)
	for i, r := range rows {
		var line strings.Builder
		for k, cell := range r {
			line.WriteString(cell)
			if k < len(r)-1 {
				line.WriteString(strings.Repeat(" ", wide[k]-utf8.RuneCountInString(cell)) + gap)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
		if i < len(below) && below[i] != "" {
			fmt.Fprintln(w, below[i])
		}
	}
}
