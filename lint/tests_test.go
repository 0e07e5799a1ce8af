package lint

import (
	"regexp"
	"testing"
)

var (
	testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9]*)\(t \*testing\.T\)`)
)

// TestTestsInTheDocumentsExist looks for the tests that documents name as holding what they say.
func TestTestsInTheDocumentsExist(t *testing.T) {
	known := map[string]bool{}
	for _, f := range parseAll(t) {
		if f.test {
			for _, name := range firsts(testFunc.FindAllStringSubmatch(read(t, f.path), -1)) {
				known[name] = true
			}
		}
	}
	named := 0
	for _, doc := range documents(t) {
		for _, name := range firsts(testName.FindAllStringSubmatch(read(t, doc), -1)) {
			named++
			if !known[name] {
				t.Errorf("%s names the test %s, which is not there", doc, name)
			}
		}
	}
	if named == 0 {
		t.Error("no document names a test: the pattern of this test is wrong")
	}
}
