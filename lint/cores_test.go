package lint

import (
	"go/ast"
	"testing"
)

// TestQuotasCount holds that nobody asks how many processors the machine has. What may run at once is
// runtime.GOMAXPROCS(0), which honours a container's quota and the process's affinity: with a quota of one processor
// of 64, 64 workers only wait for each other.
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

// TestSessionsSayTheirThreads holds it of ONNX Runtime too, which takes a thread for every processor of the machine
// where it is not told.
func TestSessionsSayTheirThreads(t *testing.T) {
	checked := 0
	for _, f := range parseAll(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if s, ok := lit.Type.(*ast.SelectorExpr); !ok || s.Sel.Name != "Options" || !isIdent(s.X, "cgo") {
				return true
			}
			checked++
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && isIdent(kv.Key, "IntraThreads") {
					return true
				}
			}
			t.Errorf("%s: a session without IntraThreads takes all processors of the machine: say how many, such as runtime.GOMAXPROCS(0)", f.fset.Position(lit.Pos()))
			return true
		})
	}
	if checked == 0 {
		t.Error("no session is made: the pattern of this test is wrong")
	}
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
