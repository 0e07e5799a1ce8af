package run

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/report"
	"example.org/demote/result"
)

// hostileNames are names that break the formats of lists, or look like another name in them.
var hostileNames = []string{
	"plain", "/conv1/Conv_output_0", "with space", "onnx::Relu_5", "a,b", "a;b", "#a", "'a'", "ünïcode", "日本", `back\slash`, `\n`, "a\"b", "a'b", "x<y>&z",
	"a\ninput,0", "\n", "\r", "a\r\nb", "a\n", "\na", "  lead", "trail  ", "\ttab", "tab\t", "a\tb", " ", "\u00a0hard", "\u3000wide", "a\u2028b", "\u2028",
	`"quoted"`, `"`, `""`, `"a`, `a"`, `"a\nb"`, `"plain"`, "\"a\nb\"", "", "=1+2", "+1", "-1", "@sum", "'=1+2", "''=1", "\x1b]0;title\a", "\u202ertl", "\xff\xfe", "\xff\n", "a\x00b", "\x85next", "\u0085next",
}

// TestCurveIsSafeInASpreadsheet holds that no cell of curve.csv begins like a formula, that numbers stay numbers, and
// that the report finds the names again.
func TestCurveIsSafeInASpreadsheet(t *testing.T) {
	minus := -0.5
	r := &config.Result{}
	for i, name := range hostileNames {
		r.Chain = append(r.Chain, result.Step{Step: i, Holder: name, Value: &minus, TrueValue: &minus, Cost: new(-2.0), Int8: new(i)})
	}
	rows, err := csv.NewReader(bytes.NewReader(curve(r))).ReadAll()
	if err != nil || len(rows) != len(hostileNames)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows[1:] {
		if row[1] != "" && strings.ContainsAny(row[1][:1], "=+-@\t\r\n") {
			t.Errorf("cell %q", row[1])
		}
		// a reader of csv joins the two
		if want := strings.ReplaceAll(hostileNames[i], "\r\n", "\n"); row[1] != report.Cell(want) {
			t.Errorf("%q came back as %q", want, row[1])
		}
		if row[3] != "-0.5" || row[4] != "-0.5" || row[5] != "-2" {
			t.Errorf("%q", row)
		}
	}
}
