package lint

import (
	"go/ast"
	"go/token"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	library "github.com/urfave/cli/v2"

	"example.org/demote/cli"
)

// TestMistakeKnowsTheFlags holds the names that package mistake turns into options against the program's flags.
func TestMistakeKnowsTheFlags(t *testing.T) {
	source, err := os.ReadFile("../mistake/options.go")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile("(?s)strings.Fields\\(`(.*?)`\\)").FindSubmatch(source)
	if list == nil {
		t.Fatal("mistake/options.go has no list of flags")
	}
	have := strings.Fields(string(list[1]))
	flags := make(map[string]bool)
	app := cli.App(io.Discard, io.Discard)
	all := app.Flags
	for _, c := range app.Commands {
		all = append(all, c.Flags...)
		for _, below := range c.Subcommands {
			all = append(all, below.Flags...)
		}
	}
	for _, f := range all {
		if f == library.HelpFlag {
			continue // of the program alone
		}
		for _, name := range f.Names() {
			flags[name] = true
		}
	}
	if want := slices.Sorted(maps.Keys(flags)); !slices.Equal(have, want) {
		t.Errorf("mistake/options.go has the flags\n%s\nand the program\n%s", strings.Join(have, " "), strings.Join(want, " "))
	}
}

// TestErrorsThatNameFlags asks that every error which names a flag is made by package mistake, which knows whether
// there are flags at all.
func TestErrorsThatNameFlags(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z]`)
	for _, f := range parseAll(t) {
		if f.test || f.room == "cli" || f.ast.Name.Name == "main" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			called, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := called.X.(*ast.Ident); !ok || pkg.Name+"."+called.Sel.Name != "fmt.Errorf" && pkg.Name+"."+called.Sel.Name != "errors.New" {
				return true
			}
			if text, ok := call.Args[0].(*ast.BasicLit); ok && text.Kind == token.STRING && flag.MatchString(text.Value) {
				t.Errorf("%s: the error %s names a flag, which a program of another module has not: make it by mistake.Errorf, or the flag by mistake.Text", f.path, text.Value)
			}
			return true
		})
	}
}
