package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/backend/metric"
	"example.org/demote/run"
)

// completionFlag, as the last word, makes the program list what may stand in the word before it, or
// in the next one.
const completionFlag = "--generate-bash-completion"

// completionScripts make a shell ask the program itself.
var completionScripts = map[string]string{
	"bash": `_demote() {
  local words=("${COMP_WORDS[@]:0:$COMP_CWORD}") current="${COMP_WORDS[COMP_CWORD]}"
  [[ "$current" == -* ]] && words+=("$current")
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$current"))
}
complete -o bashdefault -o default -F _demote demote
`,
	"zsh": `#compdef demote
_demote() {
  local -a options
  local current=${words[CURRENT]}
  local -a before=("${(@)words[1,CURRENT-1]}")
  [[ "$current" == -* ]] && before+=("$current")
  options=("${(@f)$("${(@)before}" --generate-bash-completion 2>/dev/null)}")
  if [[ -n "${options[1]}" ]]; then compadd -- "${(@)options}"; else _files; fi
}
compdef _demote demote
`,
	"fish": `complete -c demote -a '(begin; set -l t (commandline -opc); set -l c (commandline -ct); string match -q -- "-*" $c; and set -a t $c; $t --generate-bash-completion 2>/dev/null; end)'
`,
}

// choices are the values of flags that have only a few.
func choices(flag string) []string {
	switch strings.TrimLeft(flag, "-") {
	case "strategy":
		return run.Strategies()
	case "metric":
		return metric.Names()
	case "decode":
		return metric.LayoutNames()
	case "grid", "grid-low", "grid-high":
		return gridKinds
	case "range", "range-low", "range-high":
		return rangeMethods
	case "formula":
		return formulas
	case "scan":
		return []string{"fast", "naive"}
	case "chain":
		return []string{"demoted", "last"}
	case "weights":
		return []string{"high", "follow"}
	case "repair":
		return append([]string{"none", "auto"}, run.RepairNames()...)
	case "bias":
		return []string{"float", "int32"}
	case "session":
		return []string{"exact", "default"}
	case "format", "export":
		return run.FormatNames()
	case "against":
		return []string{"naive"}
	case "device":
		return []string{"auto", "cpu"}
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	}
	return nil
}

// complete lists what may follow the words of a command line, or end its last word if that begins
// with a dash; nothing where a file is wanted, which the shell completes itself.
func complete(w io.Writer, app *cli.App, words []string) {
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	_, c := commandOf(app, append([]string{app.Name}, words...))
	flags := app.Flags
	if c != nil {
		flags = c.Flags
	}
	switch {
	case isFlag(last) && findFlag(flags, strings.TrimLeft(last, "-")) == nil || last == "-" || last == "--":
		for _, f := range append(slices.Clone(flags), cli.HelpFlag) {
			if name := "--" + f.Names()[0]; strings.HasPrefix(name, last) {
				fmt.Fprintln(w, name)
			}
		}
	case isFlag(last) && takesNext(flags, last):
		for _, v := range choices(last) {
			fmt.Fprintln(w, v)
		}
	case c == nil:
		for _, c := range app.Commands {
			fmt.Fprintln(w, c.Name)
		}
	case len(c.Subcommands) > 0:
		for _, below := range c.Subcommands {
			fmt.Fprintln(w, below.Name)
		}
	case c.Name == "completion" && last == c.Name:
		fmt.Fprintf(w, "bash\nzsh\nfish\n")
	}
}

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print a completion script for a shell",
		ArgsUsage:   "bash|zsh|fish",
		Description: "For bash, in ~/.bashrc: source <(demote completion bash)",
		Action: func(c *cli.Context) error {
			script, ok := completionScripts[c.Args().First()]
			if !ok || c.NArg() != 1 {
				return usage("give a shell: demote completion bash, zsh or fish")
			}
			_, err := fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}
