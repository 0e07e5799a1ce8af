package lint

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

func TestRoomsHaveNamesThatSaySomething(t *testing.T) {
	empty := map[string]bool{"utils": true, "util": true, "common": true, "helpers": true, "helper": true, "types": true, "misc": true}
	for _, name := range listFiles(t) {
		for folder := range strings.SplitSeq(path.Dir(name), "/") {
			if empty[folder] {
				t.Errorf("%s: a room named %q says nothing about what it holds", name, folder)
			}
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range parseAll(t) {
		folder := path.Dir(f.path)
		if strings.HasSuffix(f.ast.Name.Name, "_test") {
			continue // the external tests of a package
		}
		if ast.IsGenerated(f.ast) {
			continue
		}
		documented[folder] = documented[folder] || strings.TrimSpace(f.ast.Doc.Text()) != ""
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("the package in %s has no package comment: add a doc.go of one to three sentences", folder)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range parseAll(t) {
		if f.test || ast.IsGenerated(f.ast) {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: exported %s has no doc comment", f.fset.Position(name.Pos()), name.Name)
			}
		}
	}
}

// undocumented returns the exported names of a top-level declaration that have no comment. The comment of a group of
// constants or variables speaks for all of them, and so does one at the end of the line.
func undocumented(decl ast.Decl) []*ast.Ident {
	var bare []*ast.Ident
	add := func(names []*ast.Ident, docs ...*ast.CommentGroup) {
		for _, doc := range docs {
			if strings.TrimSpace(doc.Text()) != "" {
				return
			}
		}
		for _, name := range names {
			if name.IsExported() {
				bare = append(bare, name)
			}
		}
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || receiver(d).IsExported() {
			add([]*ast.Ident{d.Name}, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				docs := []*ast.CommentGroup{s.Doc, s.Comment}
				if d.Lparen == token.NoPos {
					docs = append(docs, d.Doc)
				}
				add([]*ast.Ident{s.Name}, docs...)
			case *ast.ValueSpec:
				add(s.Names, d.Doc, s.Doc, s.Comment)
			}
		}
	}
	return bare
}

// receiver returns the type name that a method belongs to.
func receiver(d *ast.FuncDecl) *ast.Ident {
	expr := d.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e
		default:
			return d.Name
		}
	}
}
