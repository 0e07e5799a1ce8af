package promotion

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// hostileNames are names that break the formats of lists, or look like another name in them.
var hostileNames = []string{
	"plain", "/conv1/Conv_output_0", "with space", "onnx::Relu_5", "a,b", "a;b", "#a", "'a'", "ünïcode", "日本", `back\slash`, `\n`, "a\"b", "a'b", "x<y>&z",
	"a\ninput,0", "\n", "\r", "a\r\nb", "a\n", "\na", "  lead", "trail  ", "\ttab", "tab\t", "a\tb", " ", "\u00a0hard", "\u3000wide", "a\u2028b", "\u2028",
	`"quoted"`, `"`, `""`, `"a`, `a"`, `"a\nb"`, `"plain"`, "\"a\nb\"", "", "=1+2", "+1", "-1", "@sum", "'=1+2", "''=1", "\x1b]0;title\a", "\u202ertl", "\xff\xfe", "\xff\n", "a\x00b", "\x85next", "\u0085next",
}

// TestPromotionListBringsNamesBack writes lists of hostile names, all and in random parts, and reads them back.
func TestPromotionListBringsNamesBack(t *testing.T) {
	index := map[string]int{}
	for i, name := range hostileNames {
		if _, twice := index[name]; twice {
			t.Fatalf("%q is there twice", name)
		}
		index[name] = i
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		order := rng.Perm(len(hostileNames))[:rng.IntN(len(hostileNames)+1)]
		var names []string
		for _, i := range order {
			names = append(names, hostileNames[i])
		}
		text := Lines(names)
		if n := bytes.Count(text, []byte("\n")); n != len(names) {
			t.Fatalf("%d lines for %d names: %q", n, len(names), text)
		}
		for _, text := range [][]byte{text, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), append(text, " \n\n\t"...)} {
			got, err := ReadList(text, index)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(order) {
				t.Fatalf("%q came back as %v (%v), want %v", text, got, err, order)
			}
		}
	}
}

// TestPromotionListsOfBefore holds that ordinary names are written as ever, and that lists which quoted nothing are
// read.
func TestPromotionListsOfBefore(t *testing.T) {
	for _, name := range []string{"plain", "/conv1/Conv_output_0", "with space", "a\"b", `back\slash`, "日本", "a,b", "x<y>&z", "=1+2"} {
		if got := string(Lines([]string{name})); got != name+"\n" {
			t.Errorf("%q is written as %q", name, got)
		}
	}
	index := map[string]int{"a": 0, `"quoted"`: 1, `"half`: 2, "  lead": 3, "b": 4}
	got, err := ReadList([]byte("a\n\"quoted\"\n\"half\n  lead\n  b \r\n"), index)
	if err != nil || fmt.Sprint(got) != "[0 1 2 3 4]" {
		t.Errorf("%v, %v", got, err)
	}
	got, err = ReadList([]byte(`"a"`+"\n"+`"\/\u0061"`), map[string]int{"a": 0, "/a": 1})
	if err != nil || fmt.Sprint(got) != "[0 1]" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = ReadList([]byte("a\n\n\"no\\nbody\""), index)
	if err == nil || !strings.Contains(err.Error(), `3: the network has no holder "no\nbody"`) {
		t.Error(err)
	}
}
