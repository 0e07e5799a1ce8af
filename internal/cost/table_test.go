package cost

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// wide is a record between two widths.
func wide(low, high int) quant.Record {
	return quant.Record{Low: quant.Grid{Bits: low}, High: quant.Grid{Bits: high}}
}

// TestTable: a table of costs by width gives each search the columns of its records, in whatever order they stand;
// files of other forms are read as ever.
func TestTable(t *testing.T) {
	names := []string{"a", "b"}
	const text = "name,16,4,8\nb,30,3,10\na,20,2,6\n"
	for _, c := range []struct {
		name, text  string
		records     []quant.Record
		saves, high []float64
	}{
		{"16 to 8", text, []quant.Record{wide(8, 16), wide(8, 16)}, []float64{14, 20}, []float64{20, 30}},
		{"8 to 4", text, []quant.Record{wide(4, 8), wide(4, 8)}, []float64{4, 7}, []float64{6, 10}},
		{"one stays at 16", text, []quant.Record{wide(4, 8), wide(16, 16)}, []float64{4, 0}, []float64{6, 30}},
		{"names of widths", "x,int8,bf16\na,1,2\nb,3,5\n", []quant.Record{{Low: quant.Grid{Bits: 8}, High: quant.BF16Grid()}, {Low: quant.Grid{Bits: 8}, High: quant.BF16Grid()}}, []float64{1, 2}, []float64{2, 5}},
		{"name,low,high", "name,low,high\na,1,4\nb,8,16\n", []quant.Record{wide(8, 16), wide(8, 16)}, []float64{3, 8}, []float64{4, 16}},
		{"a first line of a holder", "a,4,8\nb,8,16\n", []quant.Record{wide(8, 16), wide(8, 16)}, []float64{4, 8}, []float64{8, 16}},
		{"name,cost", "a,1\nb,2\n", []quant.Record{wide(8, 16), wide(8, 16)}, []float64{1, 2}, nil},
	} {
		saves, high, err := readFile(c.text, names, c.records, By{})
		if err != nil || !slices.Equal(saves, c.saves) || !slices.Equal(high, c.high) {
			t.Errorf("%s: %v, %v, %v", c.name, saves, high, err)
		}
	}
	ladder := By{Widths: []quant.Width{quant.W4, quant.W8, quant.W16}}
	for want, text := range map[string]string{
		"costs: a ladder needs those of all its widths: write a head line name,4,8,16": "a,1,2\nb,1,2\n",
		"costs: the head line name,8,16 has no column for int4":                        "name,8,16\na,1,2\nb,1,2\n",
		"costs: the head line name,4,8,16,8 names a width twice":                       "name,4,8,16,8\na,1,2,3,2\n",
		"costs, line 3: 3 fields: write 4":                                             "name,4,8,16\na,1,2,3\nb,1,2\n",
		`costs, line 2: no holder is named "c"`:                                        "name,4,8,16\nc,1,2,3\n",
		`costs, lines 2 and 3 both name holder "a"`:                                    "name,4,8,16\na,1,2,3\na,1,2,3\n",
		`costs, line 2: "-1" is not a cost`:                                            "name,4,8,16\na,-1,2,3\n",
		`costs, line 2: "NaN" is not a cost`:                                           "name,4,8,16\na,NaN,2,3\n",
		"costs, line 2: int4 costs 3, and int8 less, 2":                                "name,4,8,16\na,3,2,4\n",
		`costs: holder "b" has no line`:                                                "name,4,8,16\na,1,2,3\n",
	} {
		_, _, err := readFile(text, names, []quant.Record{wide(8, 16), wide(8, 16)}, ladder)
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
