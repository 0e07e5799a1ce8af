package cli

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

// TestAFlagGivenTwiceIsTold holds that every flag of every command that takes one value is refused when it comes
// again, in whatever form and order, and that lists may.
func TestAFlagGivenTwiceIsTold(t *testing.T) {
	in := good(t)
	for _, c := range [][]string{{"--seed", "2"}, {"--cache", "1GiB"}, {"--force"}, {"--limit", "5"}, {"--int16-share", "20%"}} {
		for _, again := range [][]string{append(slices.Clone(c), c...), append(slices.Clone(c), strings.Join(c, "="))} {
			checkUntouched(t, in, again, c[0]+" is given twice: leave one of them out")
		}
	}
	checkRefused(t, call(append([]string{"--log-level", "warn"}, in.args("--log-level", "info")...)...), "--log-level is given twice")
	checkRefused(t, call("eval", "--data", "a", "net.onnx", "--data", "b"), "--data is given twice")
	checkRefused(t, call("report", "a", "--out", "b", "-out", "c"), "--out is given twice")
	app := App(io.Discard, io.Discard)
	for _, c := range app.Commands {
		for _, f := range c.Flags {
			name := f.Names()[0]
			word := []string{"--" + name, "1"}
			if _, ok := f.(*cli.BoolFlag); ok {
				word = word[:1]
			}
			line := slices.Concat([]string{"demote", c.Name}, word, word)
			_, list := f.(*cli.StringSliceFlag)
			if got := givenTwice(app, line); list != (got == "") || !list && got != name {
				t.Errorf("%q: told of %q", line, got)
			}
		}
	}
	for _, line := range []string{"search --pin a=int8 --pin b=int8", "search --export mctq --export promotion", "search --model a --calib a", "eval a --data b -- --data --data", "search --out --out", "eval --json a"} {
		if got := givenTwice(app, append([]string{"demote"}, strings.Fields(line)...)); got != "" {
			t.Errorf("demote %s: told of --%s, which is there once", line, got)
		}
	}
}

// TestExportMayBeGivenAgain holds that --export is a list in both of its forms.
func TestExportMayBeGivenAgain(t *testing.T) {
	in := good(t)
	must(t, in.args("--export", "promotion,encodings", "--export", "mctq")...)
	if got, want := readResult(t, in.flags["--out"]).Config.Export, []string{"promotion", "encodings", "mctq"}; !slices.Equal(got, want) {
		t.Errorf("the run was asked for %q, not %q", got, want)
	}
}

// TestSlipsOfThePen holds what a misspelt flag or command is taken for, and that nothing is guessed where nothing is
// near.
func TestSlipsOfThePen(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"search --tagret 0.9", "unknown flag --tagret; did you mean --target? "},
		{"search --calibration c.npz", "unknown flag --calibration; did you mean --calib? "},
		{"search --worker 2", "did you mean --workers? "},
		{"search --gird pow2", "did you mean --grid? "},
		{"eval a.onnx --dta d", "did you mean --data? "},
		{"--log-levle info search", "did you mean --log-level? "},
		{"serach --model m", `no command "serach"; did you mean search? `},
		{"quantise", "did you mean quantize? "},
		{"search --goal 0.9", "unknown flag --goal; `demote search --help`"},
		{"optimize", "no command \"optimize\"; `demote --help`"},
		{"search --x 1", "unknown flag --x; `demote search"},
		{"inspect net.onnx", `unexpected argument "net.onnx"; write --model net.onnx`},
		{"search net.onnx --calib c.npz", `unexpected argument "net.onnx"; write --model net.onnx`},
		{"search folder", `unexpected argument "folder"; flags begin with --`},
	} {
		got := call(strings.Fields(c.line)...)
		if got.code != run.ExitMistake || !strings.Contains(got.err, c.says) {
			t.Errorf("demote %s: exit code %d, %q, want %q", c.line, got.code, got.err, c.says)
		}
	}
}

// TestDryRunReadsTheStart holds that a start list is read and checked where nothing is searched, and that it is told.
func TestDryRunReadsTheStart(t *testing.T) {
	in := good(t)
	checkUntouched(t, in, []string{"--dry-run", "--start", in.path("none.txt")}, "none.txt", "--start")
	in.write(t, "start.txt", []byte("a1\nnobody\n"))
	got := call(in.args("--dry-run", "--start", in.path("start.txt"))...)
	if got.code != run.ExitMistake || !strings.Contains(got.err, `start.txt:2: the network has no holder "nobody"`) {
		t.Errorf("exit code %d, %q", got.code, got.err)
	}
	in.write(t, "start.txt", []byte("a1\nt\n"))
	got = must(t, in.args("--dry-run", "--start", in.path("start.txt"))...)
	if want := "it starts from " + in.path("start.txt") + ", with 4 of 6 holders in int8"; !strings.Contains(got.out, want) {
		t.Errorf("%q does not say %q", got.out, want)
	}
	if _, err := os.Stat(in.flags["--out"]); err == nil {
		t.Error("a dry run has made a run folder")
	}
}
