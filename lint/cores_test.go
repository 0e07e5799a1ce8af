package lint

import (
	"go/ast"
	"testing"
)

// TestQuotasCount holds that nobody asks how many processors the machine has. What may run at once is runtime.GOMAXPROCS(0), which
// honours a container's quota and the process's affinity: with a quota of one processor of 64, 64 workers only wait for each other.
func TestQuotasCount(t *testing.T) {
	for _, f := range parseAll(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "NumCPU" {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "runtime" {
					t.Errorf("%s calls runtime.NumCPU, which a container's quota does not reach: use runtime.GOMAXPROCS(0)", f.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}
