// Package plainyaml reads YAML files that a user writes: keys, texts and lists of texts.
package plainyaml

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// deepest is how deep lists may be nested. Two are needed: keys, and a list under each.
const deepest = 4

// Check refuses what a few bytes of YAML can become gigabytes by, before it is parsed: anchors and aliases, which
// repeat themselves in each other, and nesting, which the parser needs time and memory for by its square. The text is
// bounded by its reader; taking it apart into tokens is linear. what names the file in the error, such as "a profile".
func Check(text []byte, what string) error {
	open := 0        // brackets
	var indent []int // columns at which lines begin, the outer ones first
	line, marks := -1, 0
	for _, t := range lexer.Tokenize(string(text)) {
		at := t.Position
		begins := at.Line != line
		if begins {
			line, marks = at.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return fmt.Errorf("line %d: %q: %s has no anchors, aliases or tags; put patterns that begin with * or & in quotes", line, t.Value, what)
		case token.DirectiveType, token.MappingKeyType:
			return fmt.Errorf("line %d: %q: %s has only keys and lists of texts", line, t.Value, what)
		case token.SequenceStartType, token.MappingStartType:
			open++
			marks = 0
		case token.SequenceEndType, token.MappingEndType:
			open, marks = max(0, open-1), 0
		case token.CollectEntryType:
			marks = 0
		case token.SequenceEntryType, token.MappingValueType:
			marks++ // "- - -", "a: a: a:"
		case token.CommentType:
			continue
		}
		if begins && open == 0 {
			for len(indent) > 0 && indent[len(indent)-1] >= at.Column {
				indent = indent[:len(indent)-1]
			}
			indent = append(indent, at.Column)
		}
		if max(open, len(indent), marks) > deepest {
			return fmt.Errorf("line %d: nested more than %d deep; %s has only keys and lists of texts", line, deepest, what)
		}
	}
	return nil
}

// Line is an error of the YAML reader on one line, without the picture of the place.
func Line(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSpace(line)
}
