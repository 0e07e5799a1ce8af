package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"path/filepath"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed overview.css
var overviewStyle string

var styleText = pageStyle + overviewStyle

//go:embed page.js
var tablesText string

//go:embed graph.js
var graphText string

var scriptText = tablesText + graphText

//go:embed live.js
var liveText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// A page is the data of the template.
type page struct {
	Title    string
	Policy   string // content security policy: nothing but the page's own style and script, by their sums
	Style    template.CSS
	Script   template.JS
	Live     template.JS // of a page that renews itself; empty: it is a file
	Sections []*section  // over all runs, where there are several
	Runs     []*view
}

// A view is one run on the page.
type view struct {
	*Run
	ID       string // prefix of the ids of its parts
	Letter   string // A, B, ... where there are several
	Name     string // the folder, in short
	Sections []*section

	Gauges []*gauge
	Zoom   *figure // the curve near the target
	Graph  *graph

	points []point
	losses []loss
}

// A section is a heading with its content, in this order.
type section struct {
	ID, Title  string
	Paragraphs []string
	List       []string
	Command    string
	Brief      string // beside the heading of a closed section
	Open       bool
	Pair       bool // pictures of half the width
	Cards      []*card
	Figures    []*figure
	Tables     []*table
}

// A table is a table with a caption. Rows are texts; columns of numbers hold numbers only, so that they sort as such.
type table struct {
	ID, Caption string
	Columns     []column
	Rows        [][]string
	RowIDs      []string // of the rows, if links lead to them
	Backs       []string // ids of what the first cell of each row leads back to
	Same        []bool   // the rows that are equal in all runs, which are shown on request
	Long        bool     // shown on request
}

// RowAttrs are the attributes of a row: its id, and whether it is shown on request.
func (t *table) RowAttrs(row int) template.HTMLAttr {
	var text string
	if t.RowIDs != nil {
		text += ` id="` + template.HTMLEscapeString(t.RowIDs[row]) + `"`
	}
	if t.Same != nil && t.Same[row] {
		text += ` class="same-row"`
	}
	return template.HTMLAttr(text)
}

// Back is the id of what a cell leads back to; empty: it is no link.
func (t *table) Back(row, cell int) string {
	if t.Backs == nil || cell > 0 {
		return ""
	}
	return t.Backs[row]
}

// SameCount is how many rows are shown on request.
func (t *table) SameCount() (n int) {
	for _, same := range t.Same {
		if same {
			n++
		}
	}
	return n
}

// A card is a small picture with a heading and some lines about it.
type card struct {
	ID, Back, Title string
	Picture         template.HTML
	Notes           []string
}

// A column is a heading; the number columns are set to the right.
type column struct {
	Name   string
	Number bool
}

// longTable is how many rows a table has that is shown on request only.
const longTable = 16

// maxRows bounds the rows of a table, so that the page stays small.
const maxRows = 4000

// textColumns and numberColumns make columns of texts and of numbers.
func textColumns(names ...string) []column   { return columns(false, names) }
func numberColumns(names ...string) []column { return columns(true, names) }

func columns(number bool, names []string) []column {
	var list []column
	for _, n := range names {
		list = append(list, column{n, number})
	}
	return list
}

// newTable makes a table; rows beyond maxRows are left out, and the caption says so.
func newTable(id, caption string, columns []column, rows [][]string) *table {
	if len(rows) > maxRows {
		caption += fmt.Sprintf(" (the first %d of %d rows; the files in the run folder have all)", maxRows, len(rows))
		rows = rows[:maxRows]
	}
	return &table{ID: id, Caption: caption, Columns: columns, Rows: rows, Long: len(rows) >= longTable}
}

// pageOf is the page of some runs, in the order given.
func pageOf(runs ...*Run) ([]byte, error) { return makePage(false, runs) }

// Live is the page of a run as a server shows it while the search goes on: it asks that server, under the relative
// address events, for server-sent events, shows the text of each event now, and reads itself again at each event page.
func Live(r *Run) ([]byte, error) { return makePage(true, []*Run{r}) }

func makePage(live bool, runs []*Run) ([]byte, error) {
	p := page{Style: template.CSS(styleText), Script: template.JS(scriptText)}
	p.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
		sum(styleText), sum(scriptText))
	if live {
		p.Live = template.JS(liveText)
		p.Policy = strings.Replace(p.Policy, "script-src", fmt.Sprintf("connect-src 'self'; script-src '%s'", sum(liveText)), 1)
	}
	for i, r := range runs {
		p.Runs = append(p.Runs, newView(r, i, len(runs)))
	}
	switch len(runs) {
	case 1:
		p.Title = "demote: " + short(runs[0].Title())
	default:
		p.Title = fmt.Sprintf("demote: %d runs", len(runs))
		p.Sections = compare(p.Runs)
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, p)
	return b.Bytes(), err
}

// newView is a run as its page has it, one of so many.
func newView(r *Run, i, of int) *view {
	v := &view{Run: r, ID: fmt.Sprintf("r%d", i), Name: short(folderName(r.Dir))}
	if of > 1 {
		v.Letter = letter(i)
	}
	v.points = r.points()
	v.losses = r.losses(v.points)
	v.Sections = v.sections()
	v.overview()
	return v
}

// overview makes the parts of the first screen.
func (v *view) overview() {
	if v.Shown() {
		v.Gauges, v.Zoom, v.Graph = v.gauges(), v.zoomed(), v.graph()
		v.briefs()
	}
}

// sum is the source of a content security policy that allows this very text.
func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(s[:])
}

// letter numbers runs: A to Z, then A1, B1, ...
func letter(i int) string {
	text := string(rune('A' + i%26))
	if i >= 26 {
		text += fmt.Sprint(i / 26)
	}
	return text
}

// folderName is the last part of a folder's path, also of ".".
func folderName(dir string) string {
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	return strings.TrimSuffix(filepath.Base(dir), string(filepath.Separator))
}
