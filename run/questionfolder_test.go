package run

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// imageFolder writes a folder with two images of 8x8 in each sub-folder.
func imageFolder(t *testing.T, classes ...string) string {
	t.Helper()
	dir := t.TempDir()
	for k, class := range classes {
		for i := range 2 {
			m := image.NewGray(image.Rect(0, 0, 8, 8))
			for p := range m.Pix {
				m.Pix[p] = uint8(p*(k+1)*3 + i*40)
			}
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
				t.Fatal(err)
			}
			tasktest.WriteFile(t, filepath.Join(dir, class, fmt.Sprintf("%d.png", i)), b.Bytes())
		}
	}
	return dir
}

// TestClassesOfAFolder prints which sub-folder is which label, and warns of sub-folders that are not as many as the
// network has classes.
func TestClassesOfAFolder(t *testing.T) {
	names := strings.Fields("ant bee cat dog elk fox gnu hen imp jay kid")
	dir := t.TempDir()
	for _, c := range []struct {
		classes []string
		missing bool
		said    string
	}{
		{append([]string{"aal"}, names...), false, "classes by sub-folder: 0 aal, 1 ant, 2 bee, 3 cat, 4 dog, 5 elk, 6 fox, 7 gnu, 8 hen, 9 imp, 10 jay, 11 kid"},
		{names, true, "classes by sub-folder: 0 ant, 1 bee, 2 cat, 3 dog, 4 elk, 5 fox, 6 gnu, 7 hen, 8 imp, 9 jay, 10 kid"},
		{[]string{"0", "3", "11"}, false, "classes by sub-folder: 0 0, 11 11, 3 3"},
	} {
		var said []string
		cfg := config.Config{Model: tasktest.TinyNetwork(t, dir), Calib: tasktest.RandomImages(t, filepath.Join(dir, "c.npy"), 32, 1), Data: imageFolder(t, c.classes...), Target: "16bit-0.2",
			Say: func(text string) { said = append(said, text) }}
		r := asks(t, cfg, nil)
		if w := tasktest.Warning(r, "classes-missing"); (w != nil) != c.missing || !strings.Contains(strings.Join(said, "\n"), c.said+"\n") || len(r.Questions.Classes) != len(c.classes) {
			t.Errorf("%d sub-folders: %v, %q", len(c.classes), w, said)
		}
	}
}
