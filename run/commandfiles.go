package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"example.org/demote/internal/journal"
	"example.org/demote/result"
)

// mostCommandFile bounds the files of a metric command that are hashed, in bytes. A larger one is left to the score
// that is asked for again whenever a run goes on.
const mostCommandFile = 1 << 30

// commandFiles lists the files that words of a metric command name, in the order of the words: scripts and what they
// are told to read, also behind a "=". Files that the line writes to by a redirection or by tee, anywhere in it, are
// none, and neither is a program that the shell finds on its path. A line that is no shell's has none: the shell will
// say so.
func commandFiles(line string) []string {
	file, err := syntax.NewParser().Parse(strings.NewReader(line), "")
	if err != nil {
		return nil
	}
	var files []string
	seen, writes := map[string]bool{}, map[string]bool{}
	add := func(word *syntax.Word) {
		text := literal(word)
		for _, path := range []string{text, text[strings.IndexByte(text, '=')+1:]} {
			info, err := os.Stat(path)
			if err == nil && info.Mode().IsRegular() && info.Size() <= mostCommandFile && !seen[path] {
				seen[path] = true
				files = append(files, path)
			}
		}
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 0 && filepath.Base(literal(n.Args[0])) == "tee" {
				for _, w := range n.Args[1:] {
					writes[literal(w)] = true
				}
			}
			for _, w := range n.Args {
				add(w)
			}
			for _, a := range n.Assigns {
				if a.Value != nil {
					add(a.Value)
				}
			}
		case *syntax.Redirect:
			switch {
			case n.Word == nil:
			case n.Op == syntax.RdrIn:
				add(n.Word)
			default:
				writes[literal(n.Word)] = true
			}
		}
		return true
	})
	return slices.DeleteFunc(files, func(path string) bool { return writes[path] })
}

// literal is a word as the shell reads it, as far as it stands there; empty for one that is made when it runs.
func literal(word *syntax.Word) string {
	var text strings.Builder
	for _, part := range word.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			text.WriteString(unescape(p.Value))
		case *syntax.SglQuoted:
			text.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				lit, ok := inner.(*syntax.Lit)
				if !ok {
					return ""
				}
				text.WriteString(unescape(lit.Value))
			}
		default:
			return ""
		}
	}
	return text.String()
}

// unescape takes the backslashes out of a word.
func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// commandWrites finds, once the metric command has answered for the first time, which of the files that it names have
// changed by that: they are what it writes, and no inputs of it. Those that it reads as well are watched by the score
// that is asked for again whenever a run goes on.
func (s *searching) commandWrites() error {
	if s.command == nil || s.journal == nil || s.before.Seconds > 0 || s.before.Masks > 0 {
		return nil // a run that goes on has found it out
	}
	now := &prepared{}
	for _, path := range commandFiles(s.config.MetricCmd) {
		if err := now.bookFile(journal.RoleCommand, path); err != nil {
			return err
		}
	}
	was := map[string]result.Input{}
	for i, key := range journal.Keys(s.files) {
		was[key] = s.files[i]
	}
	for i, key := range journal.Keys(now.files) {
		f := now.files[i]
		if old, known := was[key]; known && journal.FileChanged(f, old) == "" {
			continue
		}
		s.written = append(s.written, key)
		s.config.Say(f.Path + ": the metric command writes it, so it is no input of the run")
	}
	if len(s.written) == 0 {
		return nil
	}
	s.leaveOut(s.written)
	text, err := json.Marshal(s.fingerprint())
	if err != nil {
		return err
	}
	return s.journal.SetMeta(journal.FingerprintKey, string(text))
}

// leaveOut takes files that the metric command writes to out of the inputs.
func (s *searching) leaveOut(written []string) {
	if len(written) == 0 {
		return
	}
	var inputs []result.Input
	for i, key := range journal.Keys(s.files) {
		if !slices.Contains(written, key) {
			inputs = append(inputs, s.files[i])
		}
	}
	s.written, s.files, s.result.Inputs = written, inputs, inputs
}
