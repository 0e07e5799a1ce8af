package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cli/tty"
	"example.org/demote/run"
)

// steering are texts that move a terminal's cursor, set its title, turn its text or end a line.
var steering = []string{"\x1b]0;title\x07", "\x1b[2J", "\x1b[31mred", "\x9b31m", "\u009b2J", "\x7f\x08\x08", "a\rb", "a\nb", "tab\tbed",
	"\u202eevil\u202c", "\u2066x\u2069", "\u200e\u200f\u061c", "\u2028\u2029", "\xff\xfe", "\x00", "\u0085"}

// steersSomewhere finds what must not reach a terminal.
func steersSomewhere(text string) string {
	for i, r := range text {
		if r != '\n' && tty.Steers(r) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return fmt.Sprintf("%q in %.200q", text[i:min(len(text), i+4)], text[max(0, i-50):])
		}
	}
	return ""
}

func TestEscape(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"plain ünïcode 日本 \ufffd 👍", "plain ünïcode 日本 \ufffd 👍"},
		{"\x1b[31m", `\x1b[31m`}, {"\x7f", `\x7f`}, {"\u009b", `\u009b`}, {"\u202e", `\u202e`}, {"\u2028", `\u2028`},
		{"\xff日", `\xff日`}, {"日\xe6\x97", `日\xe6\x97`}, {"a\tb\r", `a\x09b\x0d`}, {"\u061c\u200e\u2066", `\u061c\u200e\u2066`}, {`\x1b`, `\x1b`},
	} {
		if got := tty.Escape(c.text); got != c.want {
			t.Errorf("%q is written as %q, want %q", c.text, got, c.want)
		}
	}
}

// TestEscaperTakesPieces writes texts in pieces of every length: the result is that of the whole, and lines have an
// end.
func TestEscaperTakesPieces(t *testing.T) {
	long := strings.Repeat("日", tty.LongestLine)
	text := strings.Join(steering, "|") + "\nünïcode\n" + long + "\nafter\n" + strings.Repeat("x", tty.LongestLine) + "\ny\xe6"
	written := func(piece int) string {
		var b bytes.Buffer
		p := &tty.Escaper{W: &b}
		for rest := []byte(text); len(rest) > 0; {
			n := min(piece, len(rest))
			if got, err := p.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("%d, %v", got, err)
			}
			rest = rest[n:]
		}
		p.End()
		return b.String()
	}
	whole := written(len(text))
	if bad := steersSomewhere(whole); bad != "" || !strings.HasSuffix(whole, `y\xe6`) || !strings.Contains(whole, "...\nafter\n"+strings.Repeat("x", tty.LongestLine)+"\n") {
		t.Errorf("%s: %.300q", bad, whole)
	}
	for line := range strings.Lines(whole) {
		if len(line) > tty.LongestLine+4 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	for _, piece := range []int{1, 2, 3, 5, 7, 4096} {
		if got := written(piece); piece > 2 && !slices.Equal(strings.Fields(got), strings.Fields(whole)) && len(got) != len(whole) {
			t.Errorf("pieces of %d are written as %d bytes, not %d", piece, len(got), len(whole))
		}
	}
}

func TestMessagesAreCut(t *testing.T) {
	long := strings.Repeat("n", 10000)
	for _, text := range []string{"f.onnx: node \"" + long + "\": no such thing: correct it", "f.onnx: node " + long + ": no such thing: correct it",
		`node "a \" ` + strings.Repeat("b ", 5000) + `": no such thing: correct it`, strings.Repeat("日", 5000) + ": no such thing: correct it"} {
		got := tty.Message(text)
		if len(got) > 2*tty.LongestName+40 || !strings.HasSuffix(got, ": no such thing: correct it") || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
	got := tty.Message(strings.Repeat("word ", 10000) + "correct it")
	if len(got) > tty.LongestMessage || !strings.HasSuffix(got, "correct it") || !strings.HasPrefix(got, "word word") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	short := strings.Repeat("word ", 40) + `"` + strings.Repeat("n", tty.LongestName-2) + `"`
	if got := tty.Message(short); got != short {
		t.Errorf("%q", got)
	}
	if got := tty.Message("a\r\nb\n\nc"); got != "a b c" {
		t.Errorf("%q", got)
	}
	if got := tty.Names(slices.Repeat([]string{strings.Repeat("n", 200)}, 50)); len(got) > 3*tty.LongestName || !strings.HasSuffix(got, " and 48 more") {
		t.Errorf("%q", got)
	}
}

// hostile is a network whose activations, nodes and operators of a domain have the names of steering, with samples
// for it.
func hostile(t *testing.T) (in inputs, holders []string) {
	in = good(t)
	g := newGraph().node("Flatten", "f", "x")
	last := "f"
	for i, s := range append(steering, "a\ninput,0", "  lead", "trail  ", `"quoted"`, "=1+2", "@x", strings.Repeat("long", 1000)) {
		if !utf8.ValidString(s) || s == "\x00" {
			s = fmt.Sprintf("valid%d", i) // the runtime refuses such names
		}
		w := fmt.Sprintf("w%d", i)
		g.weights(w, []int64{16, 16}).node("MatMul", w+"m", last, w).node("Tanh", s, w+"m")
		last, holders = s, append(holders, s)
	}
	g.weights("v", []int64{16, 5}).node("MatMul", "y", last, "v").output("y", 5)
	in.write(t, "net.onnx", g.bytes())
	return in, holders
}

// TestNamesDoNotSteerTheTerminal shows a network of hostile names by every command that prints names.
func TestNamesDoNotSteerTheTerminal(t *testing.T) {
	in, holders := hostile(t)
	search := in.args("--pin", "op:Tanh=int16", "--force", "--limit", "10", "--log-level", "debug")
	args := func(name string, more ...string) []string {
		return append([]string{name, "--model", in.path("net.onnx"), "--calib", in.path("calib.npz")}, more...)
	}
	for _, c := range [][]string{
		args("inspect", "--all"), search, append(search, "--dry-run"), {"verify", in.path("run")}, {"export", in.path("run"), "--format", "overrides", "--force"}, {"report", in.path("run")},
		in.args("--pin", "\x1b[2J\u202e=int16", "--force"), in.args("--target", "\x1b[2J\u202e\xff"), {"eval", in.path("\x1b[2J\xff.onnx"), "--data", in.path("eval.npz")}, {"\x1b[2J"}, {"search", "--\x1b[2J"},
		{"report", in.path("\u202eno\x07")},
	} {
		got := call(c...)
		if bad := steersSomewhere(got.out) + steersSomewhere(got.err); bad != "" {
			t.Errorf("%.60q: %s", c, bad)
		}
		for _, line := range strings.Split(got.out+got.err, "\n") {
			if len(line) > tty.LongestLine+4 || strings.HasPrefix(line, "demote:") && len(line) > tty.LongestMessage+10 {
				t.Errorf("%.60q: a line of %d bytes", c, len(line))
			}
		}
		if got.code == 2 && strings.Count(got.err, "demote:") != 1 {
			t.Errorf("%.60q: %q", c, got.err)
		}
	}
	var found run.Inspection
	if err := json.Unmarshal([]byte(must(t, args("inspect", "--json")...).out), &found); err != nil {
		t.Fatal(err)
	}
	for _, h := range holders {
		if !slices.ContainsFunc(found.Holders, func(f run.InspectedHolder) bool { return f.Name == h }) {
			t.Errorf("JSON has no %q", h)
		}
	}
	var lines bytes.Buffer
	slog.New(slog.NewTextHandler(&tty.Escaper{W: &lines}, nil)).Warn("\x1b[2J", "\u202e", "\x1b\xff\u2028")
	if bad := steersSomewhere(lines.String()); bad != "" {
		t.Error(bad)
	}
}

// TestNamesDoNotSteerARealTerminal searches on a terminal, where the bar's own sequences are all that moves the
// cursor.
func TestNamesDoNotSteerARealTerminal(t *testing.T) {
	in, _ := hostile(t)
	code, text := onTerminal(t, 100, nil, in.args("--pin", "op:Tanh=int16", "--log-level", "debug")...)
	if code != 0 {
		t.Fatalf("%d, %q", code, text)
	}
	for _, s := range regexp.MustCompile("\x1b[^A-Za-z]*[A-Za-z]|\u202e|\u2028|\x07").FindAllString(text, -1) {
		if !regexp.MustCompile("^\x1b\\[[0-9]*[AJKG]$").MatchString(s) || s == "\x1b[2J" {
			t.Errorf("the terminal got %q", s)
		}
	}
	if !strings.Contains(text, `\u202eevil`) || !strings.Contains(text, `\x1b]0;title\x07`) {
		t.Errorf("the names are missing: %q", text)
	}
}

// TestHostileNamesComeBackByStart searches, and starts again from the list that was written, in both of its formats.
func TestHostileNamesComeBackByStart(t *testing.T) {
	in, holders := hostile(t)
	must(t, in.args("--pin", "op:Tanh=int16")...)
	want := resultOf(t, in.path("run")).Promotion
	for _, h := range holders {
		if !slices.Contains(want, h) {
			t.Fatalf("%q does not stay", h)
		}
	}
	must(t, "export", in.path("run"), "--format", "promotion", "--out", in.path("list.txt"))
	must(t, "export", in.path("run"), "--format", "promotion", "--out", in.path("list.json"))
	first, err := os.ReadFile(in.path("run/promotion.txt"))
	second, err2 := os.ReadFile(in.path("list.txt"))
	if err != nil || err2 != nil || !bytes.Equal(first, second) || bytes.Count(first, []byte("\n")) != len(want) {
		t.Errorf("%q, %q", first, second)
	}
	var list []string
	if text, err := os.ReadFile(in.path("list.json")); err != nil || json.Unmarshal(text, &list) != nil || !slices.Equal(list, want) {
		t.Errorf("%q, %v", text, err)
	}
	in.flags["--out"] = in.path("again")
	must(t, in.args("--pin", "op:Tanh=int16", "--start", in.path("list.txt"))...)
	got := resultOf(t, in.path("again")).Promotion
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("started with %q, ended with %q", want, got)
	}
	in.write(t, "list.txt", []byte("\"no\\u001bbody\"\n"))
	in.flags["--out"] = in.path("third")
	checkRefused(t, call(in.args("--start", in.path("list.txt"))...), "list.txt:1", `no holder "no\x1bbody"`)
}

// TestLongNamesAreCutInErrors has names and texts of megabytes in files that are refused.
func TestLongNamesAreCutInErrors(t *testing.T) {
	in := good(t)
	long := strings.Repeat("n", 1<<20)
	for _, change := range []func(g graph){
		func(g graph) { g.Graph.Node[1].OpType = &long }, func(g graph) { g.Graph.Node[1].Input[0] = long }, func(g graph) { g.Graph.Node[1].Domain = &long },
		func(g graph) { g.Graph.Input[0].Name = &long }, external(long, 144), func(g graph) { g.Graph.Initializer[0].Dims = make([]int64, 1<<18) },
		func(g graph) { g.OpsetImport[0].Domain = proto.String(long) }, func(g graph) { g.Graph.Node[0].Output[0], g.Graph.Node[1].Input[0] = "c\x00"+long, "c\x00"+long },
	} {
		g := plain()
		change(g)
		in.write(t, "net.onnx", g.bytes())
		got := call(in.args()...)
		_, message, is := strings.Cut(got.err, "demote: ") // behind what a slow machine is told meanwhile
		if got.code != 2 || !is || len(message) > tty.LongestMessage+20 || strings.Count(message, "\n") != 1 {
			t.Errorf("exit code %d, %d bytes: %.300s", got.code, len(got.err), got.err)
		}
	}
}
