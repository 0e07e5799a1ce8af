//go:build browser

package report

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"example.org/demote/result"
)

// A spot is a place on the page, in pixels.
type spot struct{ X, Y float64 }

// spotOf is the middle of an element.
func (b *tab) spotOf(t *testing.T, selector string) spot {
	t.Helper()
	return eval[spot](t, b, `(r => ({X: r.left + r.width / 2, Y: r.top + r.height / 2}))(document.querySelector("`+selector+`").getBoundingClientRect())`)
}

// viewBox is the part of the graph that is shown.
func (b *tab) viewBox(t *testing.T) string {
	t.Helper()
	return eval[string](t, b, `document.getElementById("r0-graph-svg").getAttribute("viewBox")`)
}

func (b *tab) mouse(t *testing.T, kind input.DispatchMouseEventType, at spot, wheel float64, keys int64) {
	t.Helper()
	value(t, b, command(input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y, Button: input.MouseButtonLeft, Buttons: 1,
		ClickCount: 1, DeltaX: wheel / 1000, DeltaY: wheel, Modifiers: keys}))
}

func (b *tab) touch(t *testing.T, kind input.DispatchTouchEventType, spots ...spot) {
	t.Helper()
	points := []*input.TouchPoint{}
	for i, s := range spots {
		points = append(points, &input.TouchPoint{X: s.X, Y: s.Y, ID: ptr(float64(i))})
	}
	value(t, b, command(input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points}))
}

// TestBrowserGraphMoves moves about in the graph by buttons, keys, wheel, mouse and two fingers.
func TestBrowserGraphMoves(t *testing.T) {
	b := openTab(t)
	b.visit(t, Read(folder(t, map[string]any{result.File: sample(230)})))
	fit := b.viewBox(t)
	middle := b.spotOf(t, "#r0-graph-svg")
	click := func(what string) func() {
		return func() { b.do(t, chromedp.Click(chromedp.CSS(`[data-graph=`+what+`]`))) }
	}
	key := func(k string) func() {
		return func() {
			eval[bool](t, b, `(() => { document.getElementById("r0-graph-svg").focus(); return true })()`)
			b.do(t, chromedp.KeyEvent(k))
		}
	}
	for _, c := range []struct {
		name string
		do   func()
		same bool // all of it is shown afterwards
	}{
		{"the button to zoom in", click("in"), false},
		{"dragging", func() {
			b.mouse(t, input.DispatchMouseEventTypeMousePressed, middle, 0, 0)
			b.mouse(t, input.DispatchMouseEventTypeMouseMoved, spot{middle.X + 60, middle.Y + 30}, 0, 0)
			b.mouse(t, input.DispatchMouseEventTypeMouseReleased, spot{middle.X + 60, middle.Y + 30}, 0, 0)
		}, false},
		{"the button for all", click("fit"), true},
		{"plus", key("+"), false},
		{"0", key("0"), true},
		{"Ctrl and the wheel", func() { b.mouse(t, input.DispatchMouseEventTypeMouseWheel, middle, -200, 2) }, false},
		{"the button to zoom out", click("out"), false},
		{"the button for all, again", click("fit"), true},
		{"two fingers", func() {
			b.touch(t, input.DispatchTouchEventTypeTouchStart, spot{middle.X - 20, middle.Y}, spot{middle.X + 20, middle.Y})
			for d := 30.0; d <= 90; d += 20 {
				b.touch(t, input.DispatchTouchEventTypeTouchMove, spot{middle.X - d, middle.Y}, spot{middle.X + d, middle.Y})
			}
			b.touch(t, input.DispatchTouchEventTypeTouchEnd)
		}, false},
	} {
		before := b.viewBox(t)
		c.do()
		after := b.viewBox(t)
		if after == before || (after == fit) != c.same {
			t.Errorf("%s: %s became %s; all is %s", c.name, before, after, fit)
		}
		if strings.Contains(after, "NaN") {
			t.Fatalf("%s: %s", c.name, after)
		}
	}
	if at := eval[string](t, b, `location.hash`); at != "" {
		t.Errorf("moving about led to %s", at)
	}
	before := eval[float64](t, b, `document.getElementById("r0-graph-svg").getBoundingClientRect().width`)
	click("large")()
	if after := eval[float64](t, b, `document.getElementById("r0-graph-svg").getBoundingClientRect().width`); after < 1.5*before {
		t.Errorf("large, the graph is %v wide, and before %v", after, before)
	}
}

// TestBrowserGraphLeadsToTheRow goes from a node to its row and back, by mouse and by keyboard.
func TestBrowserGraphLeadsToTheRow(t *testing.T) {
	b := openTab(t)
	r := sample(52)
	b.visit(t, Read(folder(t, map[string]any{result.File: r})))
	shown := func(row string) bool {
		return eval[bool](t, b, `(r => r.height > 0 && r.top >= 0 && r.bottom <= innerHeight)(document.getElementById("`+row+`").getBoundingClientRect())`)
	}
	b.do(t, chromedp.Click(chromedp.CSS(`#r0-n7`)), chromedp.WaitVisible(chromedp.CSS(`#r0-h7`)))
	if !shown("r0-h7") {
		t.Error("a click on a node does not lead to its row")
	}
	b.do(t, chromedp.Click(chromedp.CSS(`#r0-h7 a`)))
	if back := eval[string](t, b, `location.hash + " " + document.querySelector(".selected").id + " " + document.activeElement.id`); back != "#r0-n7 r0-n7 r0-graph-svg" {
		t.Errorf("the row leads back to %q", back)
	}
	press := func(k string) string {
		return eval[string](t, b, `(() => { document.getElementById("r0-graph-svg").dispatchEvent(new KeyboardEvent("keydown", {key: "`+k+`", bubbles: true, cancelable: true}));
			return document.querySelector(".selected").id + ": " + document.getElementById("told").textContent + " " + location.hash; })()`)
	}
	if told := press("ArrowDown"); !strings.HasPrefix(told, "r0-n8: 8 "+r.Holders[8].Name+": "+r.Holders[8].Precision) {
		t.Errorf("the key down leads to %q", told)
	}
	if told := press("Enter"); !strings.HasSuffix(told, "#r0-h8") {
		t.Errorf("Enter leads to %q", told)
	}
	if !shown("r0-h8") {
		t.Error("Enter does not lead to the row")
	}
}
