package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"example.org/demote/backend/metric"
	"example.org/demote/quant"
	"example.org/demote/run"
)

func TestFlagsFirst(t *testing.T) {
	app := App(io.Discard, io.Discard)
	for _, c := range []struct{ name, in, want string }{
		{"flags behind a file", "eval a.onnx --data d.npz --json", "eval --data d.npz --json a.onnx"},
		{"flags in front", "eval --data d.npz a.onnx", "eval --data d.npz a.onnx"},
		{"around", "eval --json a.onnx --limit=5", "eval --json --limit=5 a.onnx"},
		{"a value that looks like a flag", "search --multiplier -1 b", "search --multiplier -1 b"},
		{"global flags", "--ort lib eval a.onnx --data d", "--ort lib eval --data d a.onnx"},
		{"dashes alone", "eval --data d -- --a.onnx -x", "eval --data d -- --a.onnx -x"},
		{"files before dashes", "eval a --json -- -b", "eval --json -- a -b"},
		{"unknown flag", "eval a --wrong b", "eval --wrong a b"},
		{"value missing", "eval a --data", "eval --data a"},
		{"help behind a file", "report a --help", "report --help"},
		{"help of two letters", "eval a -h --data d", "eval -h --data d"},
		{"help as a value", "eval a --data --help", "eval --data --help a"},
		{"no command", "--version", "--version"},
		{"unknown command", "run --model m x", "run --model m x"},
		{"a command of a command", "cluster join w1 --out f", "cluster join --out f w1"},
		{"flags between commands", "cluster --log-level info join w1 --out f", "cluster --log-level info join --out f w1"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := flagsFirst(app, append([]string{"demote"}, strings.Fields(c.in)...))
			if text := strings.Join(got[1:], " "); text != c.want {
				t.Errorf("%q becomes %q, want %q", c.in, text, c.want)
			}
		})
	}
}

func TestUsageMistakes(t *testing.T) {
	for _, c := range []struct {
		name, line string
		texts      []string
	}{
		{"unknown command", "optimize", []string{`"optimize"`, "demote --help"}},
		{"global flag", "--fast", []string{"--fast", "demote --help"}},
		{"flag of another command", "inspect --target 0.9", []string{"--target", "demote inspect --help"}},
		{"flag without value", "search --model", []string{"--model", "value"}},
		{"no number", "search --evaluations ten", []string{"--evaluations ten", "whole number"}},
		{"no fraction", "search --multiplier half", []string{"--multiplier half", "number"}},
		{"number too large", "search --workers 99999999999999999999", []string{"--workers", "whole number"}},
		{"switch with a value", "search --force=maybe", []string{"--force maybe", "--force alone"}},
		{"eval of nothing", "eval", []string{"demote eval FILE.onnx"}},
		{"eval of two", "eval a.onnx b.onnx", []string{"one file"}},
		{"eval without data", "eval a.onnx", []string{"--data"}},
		{"eval in a session of its own", "eval a.onnx --data d --session fast", []string{"--session fast", "exact", "default"}},
		{"verify of nothing", "verify", []string{"demote verify DIR"}},
		{"verify of no run", "verify .", []string{"not a run folder"}},
		{"quantize without a network", "quantize --calib c --out o", []string{"--model"}},
		{"quantize without data", "quantize --model m --out o", []string{"--calib"}},
		{"quantize to nowhere", "quantize --model m --calib c", []string{"--out"}},
		{"inspect of nothing", "inspect", []string{"--model"}},
		{"inspect of a word", "inspect net.onnx", []string{`"net.onnx"`, "--"}},
		{"bench without data", "bench --model m --calib c", []string{"--data"}},
		{"completion of another shell", "completion tcsh", []string{"bash", "zsh", "fish"}},
		{"devices of a word", "devices all", []string{`"all"`}},
	} {
		t.Run(c.name, func(t *testing.T) { checkRefused(t, call(strings.Fields(c.line)...), c.texts...) })
	}
}

// TestFlagsMeanOneThing holds that flags of one name take the same kind of value in every command,
// and, where one is chosen, the same default.
func TestFlagsMeanOneThing(t *testing.T) {
	kinds := map[string]string{}
	app := App(io.Discard, io.Discard)
	for _, c := range everyCommand(app.Commands) {
		for _, f := range c.Flags {
			name := f.Names()[0]
			kind := fmt.Sprintf("%T", f)
			if seen, ok := kinds[name]; ok && seen != kind {
				t.Errorf("demote %s --%s is a %s, elsewhere a %s", c.Name, name, kind, seen)
			}
			kinds[name] = kind
			of := f.(cli.DocGenerationFlag)
			if of.GetUsage() == "" || of.TakesValue() != strings.HasPrefix(of.GetUsage(), "`") {
				t.Errorf("demote %s --%s: a usage begins with the placeholder of its value: %q", c.Name, name, of.GetUsage())
			}
			if cat, ok := f.(cli.CategorizableFlag); !ok || cat.GetCategory() != "" && !slices.Contains(categories, cat.GetCategory()) {
				t.Errorf("demote %s --%s has no category of the help", c.Name, name)
			}
		}
	}
}

// TestChoices holds the lists of values against the rooms that take them.
func TestChoices(t *testing.T) {
	for _, kind := range gridKinds {
		if _, err := quant.ParseKind(kind); err != nil {
			t.Error(err)
		}
	}
	for _, method := range rangeMethods {
		if _, _, err := (run.Config{RangeLow: method}.Filled()).GridChoices(); err != nil {
			t.Error(err)
		}
	}
	for _, formula := range formulas {
		if _, err := quant.ParseFormula(formula); err != nil {
			t.Error(err)
		}
	}
	if !slices.Contains(choices("--strategy"), "demotion") || !slices.Equal(choices("--metric"), metric.Names()) {
		t.Error("strategies or metrics are missing")
	}
}

func TestCompletion(t *testing.T) {
	var all []string
	for _, c := range App(io.Discard, io.Discard).Commands {
		all = append(all, c.Name)
	}
	for _, name := range []string{"inspect", "quantize", "search", "eval", "verify", "export", "bench", "devices"} {
		if !slices.Contains(all, name) {
			t.Errorf("there is no command %s", name)
		}
	}
	for _, c := range []struct {
		line string
		want []string
	}{
		{"", all}, {"sea", all}, {"--l", []string{"--log-level"}}, {"--ort lib", all}, {"search --sc", []string{"--scale", "--scan"}},
		{"search --scan", []string{"fast", "naive"}}, {"search --scan fast --g", []string{"--grid", "--grid-low", "--grid-high", "--group"}},
		{"search --strategy", run.Strategies()}, {"search --metric", metric.Names()}, {"search --grid-low", gridKinds},
		{"search --model", nil}, {"search --force --ou", []string{"--out", "--output-holder", "--output"}}, {"eval a.onnx --se", []string{"--seed", "--session"}},
		{"cluster", []string{"init", "join", "revoke", "ls", "permissions", "clean"}}, {"cluster join --clu", []string{"--cluster-folder"}},
		{"eval", nil}, {"completion", []string{"bash", "zsh", "fish"}}, {"search --log-level", []string{"debug", "info", "warn", "error"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			got := must(t, append(strings.Fields(c.line), completionFlag)...)
			list := strings.Fields(got.out)
			slices.Sort(list)
			want := slices.Sorted(slices.Values(c.want))
			if !slices.Equal(list, want) {
				t.Errorf("%q is completed by %q, want %q", c.line, list, want)
			}
		})
	}
}

// TestBashCompletes loads the script into a real bash and asks it to complete.
func TestBashCompletes(t *testing.T) {
	script := must(t, "completion", "bash").out
	dir := t.TempDir()
	program := dir + "/demote"
	if err := os.Symlink(os.Args[0], program); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ words, want string }{
		{"demote s", "search"}, {"demote search --sc", "--scale --scan"}, {"demote search --scan n", "naive"}, {"demote search --model ", ""},
	} {
		words := strings.Split(c.words, " ")
		cmd := exec.Command("bash", "-c", script+`
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _demote; echo "${COMPREPLY[@]}"`, "bash")
		cmd.Args = append(cmd.Args, words...)
		cmd.Env = append(os.Environ(), programEnv+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || strings.TrimSpace(string(out)) != c.want {
			t.Errorf("%q is completed by %q, want %q (%v, %s)", c.words, out, c.want, err, &errs)
		}
	}
}

func TestCommandLine(t *testing.T) {
	args := []string{"demote", "a b", "it's", "", "$x", "plain-1.2/3=4,5%"}
	out, err := exec.Command("sh", "-c", `for w in `+commandLine(args)+`; do echo "[$w]"; done`).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "[demote]\n[a b]\n[it's]\n[]\n[$x]\n[plain-1.2/3=4,5%]\n"; string(out) != want {
		t.Errorf("a shell reads %q, want %q", out, want)
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "512": 512, "1KiB": 1024, "2GiB": 2 << 30, "1.5MB": 1500000, "10 MiB": 10 << 20, "7B": 7} {
		if got, err := byteSize(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "nan", "inf", "1e30GiB", "1 TiB", "lots"} {
		if got, err := byteSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
