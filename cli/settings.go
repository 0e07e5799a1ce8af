package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/backend/metric"
	"example.org/demote/cli/settings"
)

// variablePrefix begins the names of environment variables that set flags: DEMOTE_LIMIT sets --limit.
const variablePrefix = "DEMOTE_"

// variable is the environment variable of a flag.
func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// instead lists, by flag, those that say the same in other words: where one of them is set, what a weaker place says
// of the flag does not count. The command line is stronger than the environment, and that than a file.
var instead = map[string][]string{
	"target": {"int16-share", "budget", "max-drop"}, "int16-share": {"target", "budget", "max-drop"}, "budget": {"target", "int16-share", "max-drop"},
	"max-drop": {"target", "int16-share", "budget"}, "metric": {"metric-cmd", "metric-serve"}, "metric-cmd": {"metric", "metric-serve"}, "metric-serve": {"metric", "metric-cmd"},
	"grid-low": {"grid"}, "grid-high": {"grid"}, "range-low": {"range"}, "range-high": {"range"},
	"model": {"low", "high"}, "calib": {"low", "high", "encodings-low", "encodings-high"}, "low": {"model"}, "high": {"model"},
	"encodings-low": {"low", "calib"}, "encodings-high": {"high", "calib"},
	"bits": {"low", "high", "encodings-low", "encodings-high"}, "repair": {"low", "high", "encodings-low", "encodings-high"},
}

// fromElsewhere sets the flags that the command line leaves out from the environment, and from the file of --config.
func fromElsewhere(c *cli.Context) error {
	if c.Command == nil {
		return nil
	}
	set := newlySet{c: c}
	for _, f := range c.Command.Flags {
		if name := f.Names()[0]; c.IsSet(name) || common(c, name) != "" {
			set.given = append(set.given, name)
		}
	}
	var list []settings.Setting
	for _, f := range c.Command.Flags {
		for _, name := range f.Names() {
			// the runtime's own is read where it is looked for
			if value := os.Getenv(variable(name)); value != "" && name != "ort" && name != "help" && len(name) > 1 {
				list = append(list, settings.Setting{Name: name, Values: []string{value}})
			}
		}
	}
	if err := set.all(list, func(s settings.Setting) string { return variable(s.Name) }); err != nil {
		return err
	}
	strayVariables(c)
	path := common(c, "config")
	if path == "" {
		return nil
	}
	file, err := settings.Read(path)
	if err != nil {
		return err
	}
	if file.Command && !c.IsSet("metric") && !slices.ContainsFunc(commandFlags, c.IsSet) && findFlag(c.Command.Flags, "metric-cmd") != nil {
		return usage("--config %s: that search had a metric command, which comes from the command line only: give --metric-cmd or --metric-serve again", path)
	}
	if !file.Result {
		if err := knownTo(c.App.Commands, path, file.Settings); err != nil {
			return err
		}
	}
	return set.all(file.Settings, func(s settings.Setting) string { return fmt.Sprintf("--config %s: %s", path, s.Name) })
}

// knownTo refuses what no command has as a flag, and what no file may say.
func knownTo(commands []*cli.Command, path string, list []settings.Setting) error {
	var flags []cli.Flag
	for _, c := range everyCommand(commands) {
		flags = append(flags, c.Flags...)
	}
	for _, s := range list {
		where := fmt.Sprintf("--config %s: line %d: ", path, s.Line)
		switch {
		case s.Name == "config" || s.Name == "help":
			return usage("%s%s is not for a file of settings; leave it out", where, s.Name)
		case slices.Contains(commandFlags, s.Name):
			return usage("%sa metric command comes from the command line only: give --metric-cmd or --metric-serve there", where)
		case findFlag(flags, s.Name) == nil:
			return usage("%sno flag is named %q; %swrite flags without their dashes, such as target: 16bit-0.005", where, s.Name, meant(s.Name, "", distinct(flagNames(flags))))
		}
	}
	return nil
}

// distinct are the names, each once.
func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// newlySet sets flags from places that are weaker than those before.
type newlySet struct {
	c     *cli.Context
	given []string // the flags that stronger places have set
}

// all sets what no stronger place has set, of the flags that the command has. where names the place in an error.
func (n *newlySet) all(list []settings.Setting, where func(settings.Setting) string) error {
	var now []string
	for _, s := range list {
		f := findFlag(n.c.Command.Flags, s.Name)
		if f == nil {
			continue
		}
		name := f.Names()[0]
		if slices.Contains(now, name) {
			return usage("%s: --%s is given twice: leave one of them out", where(s), name)
		}
		stronger := func(other string) bool { return slices.Contains(n.given, other) }
		if stronger(name) || slices.ContainsFunc(instead[name], stronger) || !n.suits(name) {
			continue
		}
		values := s.Values
		if _, many := f.(*cli.StringSliceFlag); len(values) > 1 && !many {
			if _, text := f.(*cli.StringFlag); !text {
				return usage("%s: the flag takes one value, not %d", where(s), len(values))
			}
			values = []string{strings.Join(values, ",")} // such as --scale 0.5,0.25
		}
		for _, v := range values {
			if err := n.c.Set(name, v); err != nil {
				return usage("%s: %q is no value of --%s; see `%s --help`", where(s), v, name, n.c.Command.HelpName)
			}
		}
		now = append(now, name)
	}
	n.given = append(n.given, now...)
	return nil
}

// suits reports whether a flag means anything to the metric that a stronger place has chosen.
func (n *newlySet) suits(flag string) bool {
	if slices.ContainsFunc(commandFlags, func(f string) bool { return slices.Contains(n.given, f) }) {
		return !slices.Contains([]string{"decode", "nms-score", "nms-iou", "max-detections", "blank", "space", "class-weights", "ignore-label"}, flag)
	}
	if !slices.Contains(n.given, "metric") {
		return true
	}
	m, err := metric.ByName(n.c.String("metric"))
	if err != nil {
		return true // which is told later
	}
	switch flag {
	case "metric-name", "metric-lower", "metric-timeout":
		return false
	case "label-array":
		return m.Labels == metric.OwnLabels
	case "decode", "nms-score", "nms-iou", "max-detections":
		return m.Detects()
	case "blank":
		return m.Name == "cer" || m.Name == "wer"
	case "space":
		return m.Name == "wer"
	}
	return true
}

// strayVariables says which variables of the environment are named nearly as one of a flag.
func strayVariables(c *cli.Context) {
	var names []string
	for _, command := range everyCommand(c.App.Commands) {
		for _, f := range command.Flags {
			for _, name := range f.Names() {
				names = append(names, strings.TrimPrefix(variable(name), variablePrefix))
			}
		}
	}
	names = distinct(names)
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		rest, ours := strings.CutPrefix(name, variablePrefix)
		if !ours || slices.Contains(names, rest) {
			continue
		}
		if guess := meant(rest, variablePrefix, names); guess != "" {
			fmt.Fprintf(c.App.ErrWriter, "demote: the variable %s sets no flag; %s\n", name, strings.TrimSpace(guess))
		}
	}
}
