package lint

import (
	"go/ast"
	"path/filepath"
	"testing"
)

// calm are the files whose goroutines may go without crash.Catch, with what they do: nothing in them panics, or what
// they call catches it.
var calm = map[string]string{
	"cli/signals.go":                "waits for signals",
	"backend/far/server.go":         "beats, and catches what is wrong by itself",
	"backend/link/linktest/call.go": "asks a worker of tests",
	"backend/link/linktest/pipe.go": "carries messages of tests",
	"cuda/worker.go":                "serve has every job caught, and openDevice only calls the driver",
	"dataset/hash.go":               "compute has its own caught",
	"internal/memory/watch.go":      "reads a number, and ends the process",
	"internal/sandbox/program.go":   "reads a pipe to its end, and ends the process",
}

// TestGoroutinesCatchPanics holds that a panic in a goroutine is an error of what it was started for: it would end
// the process with Go's exit code, that of a mistake, and a stack.
func TestGoroutinesCatchPanics(t *testing.T) {
	met := map[string]bool{}
	for _, f := range parseAll(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			started, ok := goroutine(n)
			if !ok || catches(started) {
				return true
			}
			path := filepath.ToSlash(f.path)
			if calm[path] == "" {
				t.Errorf("%s starts a goroutine without defer crash.Catch(&err)", f.fset.Position(n.Pos()))
			}
			met[path] = true
			return true
		})
	}
	for path := range calm {
		if !met[path] {
			t.Errorf("%s starts no goroutine without crash.Catch any more: take it off the list", path)
		}
	}
}

// goroutine is what a statement go f() or a call of a group's method Go(f) starts.
func goroutine(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.GoStmt:
		return n.Call, true
	case *ast.CallExpr:
		if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" && len(n.Args) == 1 {
			return n.Args[0], true
		}
	}
	return nil, false
}

// catches tells whether a function literal names crash.Catch, or the function caught of its room, which defers it.
func catches(started ast.Node) (found bool) {
	ast.Inspect(started, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			found = found || ok && pkg.Name == "crash" && n.Sel.Name == "Catch"
		case *ast.Ident:
			found = found || n.Name == "caught"
		}
		return !found
	})
	return found
}
