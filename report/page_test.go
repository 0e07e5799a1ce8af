package report

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	stdhtml "html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/mistake"
	"example.org/demote/result"
)

var update = flag.Bool("update", false, "write the golden files again")

// outlined matches what the outline of a page consists of.
var outlined = regexp.MustCompile(`(?s)<(h1|h2|p|nav|section|article|figcaption|caption|summary|title|desc|details|th|li|pre|td)\b[^>]*>(?:<button type="button">|<svg class.*?</svg>|<code>|<a [^>]*>)?([^<]*)`)

// outline is the page as somebody meets it who cannot see the pictures.
func outline(page string) string {
	var b strings.Builder
	for _, m := range outlined.FindAllStringSubmatch(page, -1) {
		if text := strings.TrimSpace(stdhtml.UnescapeString(m[2])); text != "" {
			fmt.Fprintf(&b, "%s: %s\n", m[1], text)
		}
	}
	return b.String()
}

func TestOutlineOfThePages(t *testing.T) {
	one := Read(folder(t, map[string]any{result.File: sample(8)}))
	other := sample(10)
	other.Finished, other.Target.Text = false, "0.9<1"
	two := Read(folder(t, map[string]any{result.File: other}))
	none := Read(filepath.Join(t.TempDir(), "nothing"))
	for name, page := range map[string]string{"one": html(t, one), "three": html(t, one, two, none)} {
		golden, got := filepath.Join("testdata", name+".txt"), outline(page)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the outline of page %q is another one; if that is meant, run the test with -update\n%s", name, got)
		}
	}
}

var (
	idAttr  = regexp.MustCompile(`\sid="([^"]*)"`)
	refAttr = regexp.MustCompile(`\s(?:aria-labelledby|href)="([^"]*)"`)
	svgPart = regexp.MustCompile(`(?s)<svg.*?</svg>`)
)

// TestPagesHoldTogether looks at what a browser and a screen reader rely on.
func TestPagesHoldTogether(t *testing.T) {
	a, b := Read(folder(t, map[string]any{result.File: sample(9)})), Read(folder(t, map[string]any{result.File: sample(230)}))
	for name, page := range map[string]string{"one": html(t, a), "many holders": html(t, b), "two": html(t, a, b)} {
		t.Run(name, func(t *testing.T) {
			ids := map[string]bool{}
			for _, m := range idAttr.FindAllStringSubmatch(page, -1) {
				if ids[m[1]] {
					t.Errorf("two elements have the id %q", m[1])
				}
				ids[m[1]] = true
			}
			for _, m := range refAttr.FindAllStringSubmatch(page, -1) {
				if m[1] == "data:," { // the icon, which is none
					continue
				}
				for id := range strings.FieldsSeq(m[1]) {
					if !ids[strings.TrimPrefix(id, "#")] {
						t.Errorf("nothing has the id %q, which the page refers to", id)
					}
				}
			}
			for _, part := range svgPart.FindAllString(page, -1) {
				d := xml.NewDecoder(strings.NewReader(part))
				for {
					if _, err := d.Token(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatalf("a picture is not well-formed: %v\n%.300s", err, part)
					}
				}
				if !strings.Contains(part, `aria-hidden="true"`) && !(strings.Contains(part, "<title id=") && strings.Contains(part, "<desc id=")) {
					t.Errorf("a picture has no title and description: %.200s", part)
				}
				if strings.Contains(part, "NaN") || strings.Contains(part, "Inf") {
					t.Errorf("a picture has a coordinate that is no number: %.300s", part)
				}
			}
			if n, m := strings.Count(page, "<figure"), strings.Count(page, "<figcaption"); n != m || n == 0 {
				t.Errorf("%d figures, %d captions", n, m)
			}
			if n, m := strings.Count(page, "<table"), strings.Count(page, "<caption"); n != m || n == 0 {
				t.Errorf("%d tables, %d captions", n, m)
			}
			for _, address := range []string{"http:", "https:", "@import", "url(h"} {
				if strings.Contains(page, address) {
					t.Errorf("the page has an address: %s", address)
				}
			}
		})
	}
}

// TestNamesAreText puts markup into everything that comes from outside.
func TestNamesAreText(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, evil := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style></title><b>`, `{{.}}`, `' onload='alert(1)`,
		`</svg><iframe>`, `&lt;i&gt;`, "a\x00b\ufffe\u202e", "javascript:alert(1)"} {
		t.Run(evil, func(t *testing.T) {
			r := sample(9)
			for i := range r.Holders {
				old := r.Holders[i].Name
				r.Holders[i].Name = fmt.Sprint(evil, i)
				for k := range r.Chain {
					if r.Chain[k].Holder == old {
						r.Chain[k].Holder = r.Holders[i].Name
					}
				}
				if k := slices.Index(r.Promotion, old); k >= 0 {
					r.Promotion[k] = r.Holders[i].Name
				}
			}
			r.Command, r.Metric, r.Strategy, r.Formula, r.Target.Text, r.Warnings = evil, evil, evil, evil, evil, []result.Warning{{ID: evil, Text: evil, Cure: evil}}
			r.Holders[3].Precision = evil
			r.Versions, r.Config = map[string]string{evil: evil}, map[string]any{evil: evil, "list": []string{evil}}
			r.Inputs[0] = result.Input{Role: "model", Path: evil, SHA256: evil, Bytes: 0}
			r.Verified.Identical, r.Verified.FirstDiffering = false, evil
			r.Exports = []result.Export{{Format: evil, Files: []string{evil}, Warnings: []result.Warning{{ID: evil, Text: evil, Cure: evil}}}}
			one, page := made(t, map[string]any{result.File: r})
			for name, page := range map[string]string{"alone": page, "compared": html(t, one, one)} {
				for _, tag := range []string{"<img", "<iframe", "<b>", "<i>", " onerror=alert(1)>", " onload='"} {
					if strings.Contains(page, tag) {
						t.Errorf("%s: %q got through", name, tag)
					}
				}
				for tag, want := range map[string]int{"<script": 1, "</script": 1, "<style": 1, "</style": 1} {
					if n := strings.Count(page, tag); n != want {
						t.Errorf("%s: %d times %s", name, n, tag)
					}
				}
				if strings.Contains(page, `href="javascript`) {
					t.Error("a link to a script")
				}
			}
			if shown := stdhtml.UnescapeString(page); strings.ToValidUTF8(evil, "") == evil && !strings.Contains(evil, "\x00") && !strings.Contains(shown, evil) {
				t.Error("the text is not shown as it is")
			}
		})
	}
}

func TestLongTextsAreShortened(t *testing.T) {
	r := sample(9)
	r.Holders[0].Name = strings.Repeat("é", 1<<20)
	r.Warnings = []result.Warning{{Text: strings.Repeat("w", 1<<20)}}
	if _, page := made(t, map[string]any{result.File: r}); len(page) > 300<<10 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

// Bounds of issue-sized runs: 3 MB for the page, and a time that leaves most of two seconds to the browser.
const (
	largeHolders = 1000
	largeTrials  = 10000
	largeBytes   = 3_000_000
	largeTime    = time.Second
)

func large() Result {
	r := sample(largeHolders) // ten trials a holder
	if r.Trials != largeTrials || len(r.TrialCosts.Judged) != largeTrials {
		panic("the sample has another number of trials")
	}
	return r
}

func TestLargeRunIsASmallPage(t *testing.T) {
	dir := folder(t, map[string]any{result.File: large()})
	start := time.Now()
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes in %v", info.Size(), took)
	if info.Size() >= largeBytes {
		t.Errorf("the page of %d holders has %d bytes, more than %d", largeHolders, info.Size(), largeBytes)
	}
	if took > 10*largeTime { // the machine may be busy
		t.Errorf("it took %v", took)
	}
}

func TestWriteReplacesThePageWhole(t *testing.T) {
	dir := folder(t, map[string]any{result.File: sample(9), File: "old"})
	for range 2 {
		if err := Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil || !strings.HasPrefix(string(data), "<!DOCTYPE html>") {
		t.Errorf("%.40s, %v", data, err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("it left %v", entries)
	}
	if err := Write(t.TempDir()); !errors.Is(err, mistake.Err) || strings.Contains(err.Error(), "\n") {
		t.Errorf("of a folder that is no run: %v", err)
	}
	missing := &Run{Dir: "x"}
	if err := WriteFile(filepath.Join(dir, "no", "page.html"), missing); err == nil || !strings.Contains(err.Error(), "page.html") {
		t.Errorf("into a folder that does not exist: %v", err)
	}
}
