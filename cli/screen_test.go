package cli

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sequence is what a program moves the cursor by, and what else it writes.
var sequence = regexp.MustCompile("\x1b\\[([0-9;?]*)([A-Za-z])|[^\x1b]")

// screen is what a terminal of any height shows in the end of what was written to it.
func screen(text string) []string {
	lines, row, column := [][]rune{nil}, 0, 0
	for _, m := range sequence.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		switch {
		case m[2] == "A":
			row = max(0, row-max(1, n))
		case m[2] == "J":
			lines = lines[:row+1]
			lines[row] = lines[row][:min(column, len(lines[row]))]
		case m[2] == "K":
			lines[row] = lines[row][:min(column, len(lines[row]))]
		case m[2] != "":
		case m[0] == "\n":
			row, column = row+1, 0
			if row == len(lines) {
				lines = append(lines, nil)
			}
		case m[0] == "\r":
			column = 0
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = []rune(m[0])[0]
			column++
		}
	}
	var list []string
	for _, line := range lines {
		list = append(list, strings.TrimRight(string(line), " "))
	}
	return list
}

// TestStagesOnATerminal has one stage before the first trial last so long that its line is drawn: it is gone in the
// end, and nothing that was said is.
func TestStagesOnATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	// the third call is of all int16
	slow := "echo >> " + in.path("asked") + "; test $(wc -l < " + in.path("asked") + ") -ne 3 || sleep 2.6; echo 0.5"
	in.flags["--target"], in.flags["--range"] = "0.4", "minmax"
	code, text := onTerminal(t, 120, []string{"TERM=xterm"}, in.args("--metric-cmd", slow)...)
	if code != 0 {
		t.Fatalf("exit code %d, %q", code, text)
	}
	shown := strings.Join(screen(text), "\n")
	for _, want := range []string{"all int16:", "all int8:", "activations run in int8", "everything is in"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the screen lacks %q: %s", want, shown)
		}
	}
	if !strings.Contains(text, "scoring all int16: 40 of 40") {
		t.Errorf("no stage was told: %q", text)
	}
	for _, line := range strings.Split(shown, "\n") { // the check, beside the bar, has a line of its own that stays
		if !strings.HasPrefix(line, "checking the written file") && (strings.Contains(line, "so far") || strings.Contains(line, "about 0s left")) {
			t.Errorf("a stage is left on the screen: %s", shown)
		}
	}
}
