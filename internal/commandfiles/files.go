package commandfiles

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// mostCommandFile bounds the files of a metric command that are hashed, in bytes. A larger one is left to the score
// that is asked for again whenever a run goes on.
const mostCommandFile = 1 << 30

// Of lists the files that words of a metric command name, in the order of the words: scripts and what they
// are told to read, also behind a "=". Files that the line writes to by a redirection or by tee, anywhere in it, are
// none, and neither is a program that the shell finds on its path. A line that is no shell's has none: the shell will
// say so.
func Of(line string) []string {
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
