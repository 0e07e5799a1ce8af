package constraint

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.org/demote/mistake"
)

func indented(n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + text + "\n")
	}
	return b.String()
}

// TestProfilesThatGrow gives profiles that become gigabytes, or hours, where a YAML parser takes them as they are:
// each is refused at once, by a line that says what is wrong.
func TestProfilesThatGrow(t *testing.T) {
	laughs := "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n"
	for c := 'b'; c <= 'i'; c++ {
		laughs += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"billion laughs", laughs + "follow: *i\n", "no anchors, aliases or tags"},
		{"an anchor", "follow: &a [Relu]\n", "no anchors, aliases or tags"},
		{"an alias", "follow: *a\n", "no anchors, aliases or tags"},
		{"a glob that is an alias", "pin:\n- *Conv=int16\n", "put patterns that begin with * or & in quotes"},
		{"a merge", "a: {b: c}\n<<: x\nfollow: [Relu]\n", "no anchors, aliases or tags"},
		{"a tag", "follow: !!binary aGk=\n", "no anchors, aliases or tags"},
		{"a directive", "%YAML 1.2\n---\nfollow: [Relu]\n", "only keys and lists of texts"},
		{"brackets", "follow: " + strings.Repeat("[", 30000) + strings.Repeat("]", 30000), "nested more than"},
		{"open brackets", "follow: " + strings.Repeat("[", 60000), "nested more than"},
		{"braces", "follow: " + strings.Repeat("{a: ", 16000), "nested more than"},
		{"brackets on lines", "follow:\n" + strings.Repeat(" [\n", 16000), "nested more than"},
		{"lists in lists", strings.Repeat("- ", 32000) + "a", "nested more than"},
		{"keys in keys", strings.Repeat("a: ", 21000) + "a", "nested more than"},
		{"keys below keys", indented(350, "a:"), "nested more than"},
		{"lists below lists", indented(350, "-"), "nested more than"},
		{"a few keys below keys", indented(6, "a:"), "nested more than"},
		{"complex keys", strings.Repeat("? ", 32000) + "a", "only keys and lists"},
		{"too long", "name: " + strings.Repeat("x", 64<<10), "too large: 65542 bytes, at most 65536 are read"},
		{"many anchors", strings.Repeat("&a ", 21000), "no anchors"},
		{"another kind of file", "\x89PNG\r\n\x1a\n\x00\x00", "--profile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "p.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := readProfile(path, WordsOf(nil))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 {
				t.Errorf("%v", err)
			}
			if took, all := time.Since(start), after.TotalAlloc-before.TotalAlloc; took > 10*time.Second || all > 64<<20 {
				t.Errorf("%s, %d MiB", took, all>>20)
			}
		})
	}
}

// TestProfilesAsPeopleWriteThem are read in every style that YAML has for keys and lists.
func TestProfilesAsPeopleWriteThem(t *testing.T) {
	files, err := filepath.Glob("../../examples/profiles/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for i, text := range []string{
		"follow: [Relu, Clip]\n", "follow:\n- Relu\n", "follow:\n    - Relu\n    # one\n    - Clip\npin: []\n", "{name: x, follow: [Relu, \"Max*\"]}",
		"---\nname: 'a & b'\nfollow: [\n  Relu,\n  Clip,\n]\npin: [\"op:*=int8\", '*=int16']\n...\n", "name: >\n  folded\n  text\nfollow: [\"R&D\", 'a*b', x*y]\n",
		"\ufefffollow: [Relu]\n", "follow: [Relu]\r\nname: x\r\n", "pin:\n- \"op:{Conv,Gemm}=int16\"\n",
		"follow:\n" + strings.Repeat("- Relu\n", 8000),
	} {
		path := filepath.Join(t.TempDir(), "p.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		// the reader of YAML knows no byte order mark
		if _, err := readProfile(path, WordsOf(nil)); err != nil && i != 6 {
			t.Errorf("%.60q: %v", text, err)
		}
	}
	for _, path := range files {
		if _, err := readProfile(path, WordsOf(nil)); err != nil {
			t.Error(err)
		}
	}
}

// TestPatternsThatGrow has globs whose braces stand for more texts than can be tried.
func TestPatternsThatGrow(t *testing.T) {
	for _, c := range []struct {
		text string
		fine bool
	}{
		{"*", true}, {"/conv*/**/Relu_{1,2,3}", true}, {"op:{Conv,Gemm,MatMul}", true}, {`{a,b}\{c,d`, true}, {"{" + strings.Repeat("x,", 200) + "y}", true},
		{strings.Repeat("{a,*a}", 9) + "b", false}, {strings.Repeat("{a,*a}", 40) + "b", false}, {strings.Repeat("{a,", 200) + strings.Repeat("}", 200), false},
		{"{" + strings.Repeat("x,", 200) + "y}{a,b}", false}, {strings.Repeat("**/a", 300), false},
	} {
		start := time.Now()
		rule, _, err := parsePin(c.text+"=int8", "--pin", WordsOf(nil))
		if (err == nil) != c.fine {
			t.Errorf("%.40q: %v", c.text, err)
		}
		if err == nil {
			(&profile{Follow: []string{c.text}}).apply(&constraints{}, nil)
			matches([]string{rule.Pattern}, strings.Repeat("a", 200))
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%.40q: %s", c.text, took)
		}
	}
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte("follow: ['"+strings.Repeat("{a,*a}", 40)+"']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readProfile(path, WordsOf(nil)); !errors.Is(err, mistake.Err) {
		t.Error(err)
	}
}
