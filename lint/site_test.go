//go:build site

package lint

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// site is where make site puts the pages.
const site = root + "/dist/site"

// loads are the ways in which a page or a style makes the browser load something from another host by itself.
var loads = regexp.MustCompile(`(?i)<(?:script|img|iframe|source|embed|video|audio|object)\b[^>]*\s(?:src|srcset|data)=["']?(?:https?:)?//|` +
	`<link\b[^>]*\shref=["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import\s+["']?(?:https?:)?//`)

// foreign lists what a page or style of the site would load from another host.
func foreign(text string) []string { return loads.FindAllString(text, -1) }

func TestSiteLoadsNothingFromElsewhere(t *testing.T) {
	files := 0
	err := filepath.WalkDir(site, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".html" && filepath.Ext(name) != ".css" {
			return err
		}
		files++
		text, err := os.ReadFile(name)
		for _, m := range foreign(string(text)) {
			t.Errorf("%s loads from elsewhere: %s", name, m)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v: run make site", err)
	}
	if files < 30 {
		t.Errorf("the site has %d pages and styles: it is not whole", files)
	}
}

func TestSiteFindsForeignLoads(t *testing.T) {
	for text, want := range map[string]bool{
		`<script src="https://unpkg.com/shim"></script>`:             true,
		`<link rel="stylesheet" href="//fonts.example.org/css">`:     true,
		`body { background: url("http://example.org/a.png") }`:       true,
		`<a href="https://onnxruntime.ai">ONNX Runtime</a>`:          false,
		`<script src="_static/doctools.js"></script>`:                false,
		`<link rel="canonical" href="https://example.org/a.html" />`: true, // the site knows no address
	} {
		if got := len(foreign(text)) > 0; got != want {
			t.Errorf("%s loads from elsewhere: %v, want %v", text, got, want)
		}
	}
}

// TestSiteInABrowser opens the index and the search from files: nothing else is asked for, the browser has nothing to
// complain of, and the search finds a word of several pages, the link leads to one, and the word is on it.
func TestSiteInABrowser(t *testing.T) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	var lock sync.Mutex
	var wrong []string
	note := func(s string) { lock.Lock(); wrong = append(wrong, s); lock.Unlock() }
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file://") && !strings.HasPrefix(e.Request.URL, "data:") {
				note("asked for " + e.Request.URL)
			}
		case *network.EventLoadingFailed:
			note("not loaded: " + e.ErrorText)
		case *runtime.EventExceptionThrown:
			note(e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			note(e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs(site)
	if err != nil {
		t.Fatal(err)
	}
	run := func(script string) string {
		t.Helper()
		out, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	visit := func(page string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Steps(chromedp.Navigate("file://"+folder+"/"+page))); err != nil {
			t.Fatal(err)
		}
	}
	visit("index.html")
	if h := run(`document.querySelector("h1").innerText`); !strings.HasPrefix(h, "demote") {
		t.Errorf("the index begins with %q, not with the README", h)
	}
	visit("search.html?q=promotion")
	var pages []string // they come one after another
	for end := time.Now().Add(30 * time.Second); len(pages) < 3 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		pages = strings.Fields(run(`[...document.querySelectorAll("#search-results li a")].map(a => a.href).join("\n")`))
	}
	if len(pages) < 3 {
		t.Fatalf("the search finds promotion on %q, not on several pages", pages)
	}
	page, _, _ := strings.Cut(strings.TrimPrefix(pages[0], "file://"+folder+"/"), "?")
	page, _, _ = strings.Cut(page, "#")
	visit(page)
	if !strings.Contains(strings.ToLower(run(`document.body.innerText`)), "promotion") {
		t.Errorf("the search leads to %s, which says nothing of a promotion", page)
	}
	lock.Lock()
	defer lock.Unlock()
	for _, w := range wrong {
		t.Error(w)
	}
}
