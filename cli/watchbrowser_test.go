//go:build browser

package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestBrowserWatches opens the page of a search that runs in another process: it says how the search stands, the curve
// grows without a reload, what was unfolded stays so, and at the end it is the report.
func TestBrowserWatches(t *testing.T) {
	in, args := seconds(t)
	_, url := servedPage(t, in.path("run"))
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	text := func(script string) string {
		ctx, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		v, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if _, err := chromedp.Run(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	if got := text(`document.getElementById("live").textContent`); got != "Waiting for the search" {
		t.Errorf("before the search: %q", got)
	}
	text(`window.kept = "since the first look"; ""`)
	search := process(args...)
	if err := search.Start(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	states := map[string]bool{}
	for end := time.Now().Add(5 * time.Minute); !strings.Contains(text(`document.getElementById("live").textContent`), "has ended"); {
		seen[text(`document.getElementById("live").textContent`)] = true
		states[text(`(document.querySelector(".state") || {textContent: ""}).textContent`)] = true
		if time.Now().After(end) {
			t.Fatalf("the page does not see the end: %v", seen)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err := search.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 3 || len(states) < 2 {
		t.Errorf("the page showed %v, %v", seen, states)
	}
	time.Sleep(2 * time.Second) // the last content is on its way
	if got := text(`document.querySelector(".state strong").textContent`); got == "unfinished" {
		t.Errorf("at the end the page says %q", got)
	}
	if got := text("window.kept"); got != "since the first look" {
		t.Error("the page was loaded anew")
	}
	if got := text(`String(document.querySelectorAll("main svg").length > 0)`); got != "true" {
		t.Error("there is no picture")
	}
}
