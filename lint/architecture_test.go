package lint

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	architectureFile = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*/[a-z_]+\\.go)`")
	architectureRoom = regexp.MustCompile("`((?:internal|backend|search|cuda)/[a-z]*/?)`")
	architectureName = regexp.MustCompile("`([a-z]+)\\.([A-Z][A-Za-z]*)`")
	architectureTest = regexp.MustCompile("`(Test[A-Za-z]+)`")
)

// TestArchitecture holds that the files, rooms, names and tests of docs/architecture.md are there.
func TestArchitecture(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, list := range [][][]string{architectureFile.FindAllStringSubmatch(page, -1), architectureRoom.FindAllStringSubmatch(page, -1)} {
		for _, m := range list {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("the page names %s: %v", m[1], err)
			}
		}
	}
	names, rooms, tests := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range parseAll(t) {
		pkg := f.ast.Name.Name
		rooms[pkg] = true
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[pkg+"."+d.Name.Name] = true
					tests[d.Name.Name] = f.test
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if s, ok := s.(*ast.TypeSpec); ok {
						names[pkg+"."+s.Name.Name] = true
					}
				}
			}
		}
	}
	for _, m := range architectureName.FindAllStringSubmatch(page, -1) {
		if !names[m[1]+"."+m[2]] {
			t.Errorf("the page names %s.%s, which no room has", m[1], m[2])
		}
	}
	for _, m := range architectureTest.FindAllStringSubmatch(page, -1) {
		if !tests[m[1]] {
			t.Errorf("the page names %s, which is no test", m[1])
		}
	}
	drawing := page[strings.Index(page, "    cli "):strings.Index(page, "\n## A model file")]
	for room := range mayImport {
		if name := room[strings.LastIndex(room, "/")+1:]; rooms[name] && name != "lint" && !strings.HasSuffix(name, "test") && name != "onnxpb" && !regexp.MustCompile(`\b`+name+`\b`).MatchString(drawing) {
			t.Errorf("the drawing of the page lacks the room %s", room)
		}
	}
}
