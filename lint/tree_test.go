// Package lint holds the rules of the house as tests over the whole source tree: who may import whom, what may stand
// in a file, that exported names are documented, that the documentation's commands exist, that a missing tool is one
// clear line.
package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the top of the tree as seen from this folder, where `go test` runs.
const root = ".."

// goFile is one parsed Go file.
type goFile struct {
	path string // relative to the top, with slashes
	room string // its room, see roomOf
	test bool
	fset *token.FileSet
	ast  *ast.File
}

// imports returns the import paths of the file.
func (f goFile) imports() []string {
	paths := make([]string, len(f.ast.Imports))
	for i, spec := range f.ast.Imports {
		paths[i] = strings.Trim(spec.Path.Value, `"`)
	}
	return paths
}

// tree lists the project's files (tracked, or new and not ignored), relative to the top and with slashes. Without git
// it walks the tree and leaves out folders whose name starts with a dot.
var tree = sync.OnceValues(func() ([]string, error) {
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err == nil {
		var files []string
		for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
			if info, err := os.Stat(filepath.Join(root, name)); err == nil && info.Mode().IsRegular() {
				files = append(files, name)
			}
		}
		return files, nil
	}
	var files []string
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != root || d.Name() == "bin"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			rel, err := filepath.Rel(root, name)
			files = append(files, filepath.ToSlash(rel))
			return err
		}
		return nil
	})
	return files, err
})

// parsed holds every Go file of the tree, whatever its build constraints.
var parsed = sync.OnceValues(func() ([]goFile, error) {
	files, err := tree()
	if err != nil {
		return nil, err
	}
	var all []goFile
	for _, name := range files {
		if path.Ext(name) != ".go" || strings.Contains(name, "/testdata/") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		all = append(all, goFile{name, roomOf(path.Dir(name)), strings.HasSuffix(name, "_test.go"), fset, file})
	}
	return all, nil
})

// nested are the rooms that have rooms of their own beside internal's.
var nested = map[string]bool{"backend": true, "search": true, "dataset": true}

// roomOf returns the room of a folder: its first part, "" at the top; below internal and below nested rooms the first
// two or three, and the generated types of ONNX are a room of their own.
func roomOf(folder string) string {
	first, rest, _ := strings.Cut(folder, "/")
	second, below, _ := strings.Cut(rest, "/")
	third, _, _ := strings.Cut(below, "/")
	switch {
	case first == ".":
		return ""
	case first == "internal" || second == "onnxpb":
		return first + "/" + second
	case nested[first] && second == "internal":
		return first + "/" + second + "/" + third
	case nested[first] && second != "":
		return first + "/" + second
	}
	return first
}

// listFiles is tree for a test.
func listFiles(t *testing.T) []string {
	t.Helper()
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("the tree has no files: run the test in its own folder")
	}
	return files
}

// parseAll is parsed for a test.
func parseAll(t *testing.T) []goFile {
	t.Helper()
	files, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// read returns a file of the tree.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
