package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// completions are what makes a shell ask the program itself, which lists its commands and flags.
var completions = map[string]string{
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
  local current=${words[-1]}
  if [[ "$current" == -* ]]; then
    options=("${(@f)$(${words[@]:0:#words[@]-1} ${current} --generate-bash-completion)}")
  else
    options=("${(@f)$(${words[@]:0:#words[@]-1} --generate-bash-completion)}")
  fi
  if [[ -n "${options[1]}" ]]; then _describe 'values' options; else _files; fi
}
compdef _demote demote
`,
	"fish": `complete -c demote -f -a '(begin; set -l t (commandline -opc); $t --generate-bash-completion 2>/dev/null; end)'
`,
}

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a shell's completion script: source <(demote completion bash)",
		ArgsUsage: "bash|zsh|fish",
		Action: func(c *cli.Context) error {
			script, ok := completions[c.Args().First()]
			if !ok || c.NArg() != 1 {
				return usage("give a shell: bash, zsh or fish")
			}
			_, err := fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}
