package settings

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"example.org/demote/disk"
	"example.org/demote/internal/plainyaml"
	"example.org/demote/mistake"
)

// A Setting is a flag with its values as they would be typed, several of one that is repeatable.
type Setting struct {
	Name   string
	Values []string
	Line   int // of the file; 0: unknown
}

// A File is what a file sets.
type File struct {
	Settings []Setting
	Result   bool // the file is the result of a search, whose flags another command need not have
	// the search that the file is the result of had a metric command, which is never taken from a file
	Command bool
}

// maxFile bounds a file, in bytes: a result has a few hundred for each holder.
const maxFile = 64 << 20

// Read reads a file of settings. Errors are mistake.Err and name the line.
func Read(path string) (File, error) {
	text, err := disk.Read(path, maxFile)
	if err != nil {
		return File{}, mistake.Errorf("--config: %w; give a YAML file, or the result.json of a search", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // which some editors begin a file with
	f := File{}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		f, err = ofResult(text)
	} else {
		f.Settings, err = ofYAML(text)
	}
	if err != nil {
		return File{}, mistake.Errorf("--config %s: %w", path, err)
	}
	return f, nil
}

// ofYAML reads keys, which are the names of flags, with a text, a number, a yes or no, or a list of these. Numbers keep
// their digits: a target is compared as it was typed.
func ofYAML(text []byte) (list []Setting, err error) {
	if err := plainyaml.Check(text, "a file of settings"); err != nil {
		return nil, err
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, fmt.Errorf("%s", plainyaml.Line(err))
	}
	for _, doc := range parsed.Docs {
		switch body := doc.Body.(type) {
		case nil:
		case *ast.MappingNode:
			for _, v := range body.Values {
				if list, err = addNode(list, v); err != nil {
					return nil, err
				}
			}
		case *ast.MappingValueNode:
			if list, err = addNode(list, body); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("line %d: write a flag and its value on each line, such as target: 16bit-0.005", body.GetToken().Position.Line)
		}
	}
	return list, nil
}

func addNode(list []Setting, v *ast.MappingValueNode) ([]Setting, error) {
	at := v.Key.GetToken()
	one := Setting{Name: at.Value, Line: at.Position.Line}
	for _, s := range list {
		if s.Name == one.Name {
			return nil, fmt.Errorf("line %d: %s is there twice; of a flag that is repeatable write a list, [A, B]", one.Line, one.Name)
		}
	}
	nodes := []ast.Node{v.Value}
	if sequence, is := v.Value.(*ast.SequenceNode); is {
		nodes = sequence.Values
	}
	for _, n := range nodes {
		text, ok := scalar(n)
		if !ok {
			return nil, fmt.Errorf("line %d: %s: write a text, a number, true or false, or a list of them", one.Line, one.Name)
		}
		one.Values = append(one.Values, text)
	}
	return append(list, one), nil
}

// scalar is a value as it was typed.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode:
		return strconv.FormatBool(n.Value), true
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	}
	return "", false
}
