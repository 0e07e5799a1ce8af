package units_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/demote/mistake"
	"example.org/demote/search/trial"
	"example.org/demote/search/units"
)

func TestCosts(t *testing.T) {
	pairs := [][]int{{2, 0}, {1}}
	bops := units.BopsCost([]float64{10, 20, 0}, []int{8, 8, 8}, 8)
	if !slices.Equal(bops, []float64{640, 1280, 0}) {
		t.Errorf("bops %v", bops)
	}
	if bytes := units.BytesCost([]float64{100, 7, 0}, []int{8, 8, 8}); !slices.Equal(bytes, []float64{100, 7, 0}) {
		t.Errorf("bytes %v", bytes)
	}
	if nibbles := units.BytesCost([]float64{100, 100}, []int{4, 0}); !slices.Equal(nibbles, []float64{50, 0}) {
		t.Errorf("4 of 8 bits: %v", nibbles)
	}
	if u := units.UnitCost(units.CountCost(3), pairs); !slices.Equal(u, []float64{2, 1}) {
		t.Errorf("units %v", u)
	}
	mask, _ := trial.ParseMask("010")
	if saved, all := units.Saving(bops, mask); saved != 1280 || all != 1920 {
		t.Errorf("saved %v of %v", saved, all)
	}
}

func TestReadCost(t *testing.T) {
	names := []string{"/stem/Conv_output_0", "a,b", "c"}
	for _, c := range []struct{ name, text, hint string }{
		{"plain", "c,3\n/stem/Conv_output_0,1\n\"a,b\",2.5\n", ""},
		{"heading", "name,cost\nc,3\n/stem/Conv_output_0,1\n\"a,b\", 2.5\n", ""},
		{"unknown holder", "c,3\nd,1\n", `line 2: no holder is named "d"`},
		{"twice", "c,3\nc,4\n", `lines 1 and 2 both name holder "c"`},
		{"missing", "c,3\n\"a,b\",1\n", `holder "/stem/Conv_output_0" has no line`},
		{"empty", "", "has no line"},
		{"negative", "c,-3\n", "line 1"},
		{"not a number", "c,3\n/stem/Conv_output_0,many\n", `line 2: "many"`},
		{"a first line of a holder is no heading", "c,3x\n/stem/Conv_output_0,1\n", `line 1: "3x"`},
		{"NaN", "c,NaN\n", `"NaN"`},
		{"infinite", "c,Inf\n", `"Inf"`},
		{"fields", "c,3,4,5\n", "line 1: 4 fields: write name,cost on every line, or name,low,high on every line"},
		{"one field", "c\n", "line 1: 1 fields"},
		{"both forms", "c,3\n\"a,b\",1,2\n", "line 2: 3 fields"},
		{"low and high", "name,int8,int16\nc,4,7\n/stem/Conv_output_0,0,1\n\"a,b\", 2 ,4.5\n", ""},
		{"high below low", "c,3,2.5\n", "line 1: the low cost 3 is above the high cost 2.5"},
		{"negative high", "c,3,-2\n", `line 1: "-2" is not a cost`},
		{"quote", "\"c,3\n", "costs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := units.ReadCost(strings.NewReader(c.text), names)
			if c.hint == "" {
				if err != nil || !slices.Equal(list, []float64{1, 2.5, 3}) {
					t.Errorf("%v, %v", list, err)
				}
				return
			}
			if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("%v, want %q", err, c.hint)
			}
		})
	}
}

// TestReadCosts holds that high costs are those of the lines that have them.
func TestReadCosts(t *testing.T) {
	names := []string{"a", "b"}
	saves, high, err := units.ReadCosts(strings.NewReader("b,1,3\na,2,2\n"), names)
	if err != nil || !slices.Equal(saves, []float64{0, 2}) || !slices.Equal(high, []float64{2, 3}) {
		t.Errorf("%v, %v, %v", saves, high, err)
	}
	saves, high, err = units.ReadCosts(strings.NewReader("b,1\na,2\n"), names)
	if err != nil || !slices.Equal(saves, []float64{2, 1}) || high != nil {
		t.Errorf("%v, %v, %v", saves, high, err)
	}
}

func TestArrange(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, c := range []struct {
		name   string
		groups []units.Group
		pins   []units.Pin
		units  [][]int
		pinned string
		high   []int
		hint   string
	}{
		{name: "nothing", units: [][]int{{0}, {1}, {2}, {3}, {4}, {5}}, pinned: "000000"},
		{
			name:   "groups that share a holder are one",
			groups: []units.Group{{[]int{4, 2}, "add"}, {nil, "none"}, {[]int{0, 5}, "concat"}, {[]int{2, 5}, "add2"}},
			units:  [][]int{{0, 2, 4, 5}, {1}, {3}}, pinned: "000000",
		},
		{
			name:   "a pin holds its group",
			groups: []units.Group{{[]int{1, 3}, "add"}, {[]int{4, 5}, "mul"}},
			pins:   []units.Pin{{3, true, "--pin d=int8"}, {5, false, "--pin f=int16"}, {1, true, "--pin b=int8"}},
			units:  [][]int{{0}, {2}}, pinned: "010100", high: []int{4, 5},
		},
		{
			name: "contradiction at one holder",
			pins: []units.Pin{{3, true, "--pin d=int8"}, {3, false, "--pin *=int16"}},
			hint: `--pin *=int16 contradicts --pin d=int8 at holder "d"`,
		},
		{
			name:   "contradiction through groups",
			groups: []units.Group{{[]int{0, 1}, "q/k/v"}, {[]int{1, 2}, "add"}, {[]int{2, 3}, "concat"}, {[]int{0, 4}, "far"}},
			pins:   []units.Pin{{0, true, "--pin a=int8"}, {3, false, "--pin d=int16"}},
			hint:   `--pin d=int16 at holder "d" contradicts --pin a=int8 at holder "a", which move together by q/k/v, add, concat`,
		},
		{name: "group out of range", groups: []units.Group{{[]int{6}, "far"}}, hint: "far: holder 6"},
		{name: "pin out of range", pins: []units.Pin{{-1, true, "x"}}, hint: "x: holder -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := units.Arrange(names, c.groups, c.pins)
			if c.hint != "" {
				if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.hint) {
					t.Errorf("%v, want %q", err, c.hint)
				}
				return
			}
			if err != nil || !slices.EqualFunc(l.Units, c.units, slices.Equal) || l.Pinned.String() != c.pinned || !slices.Equal(l.High, c.high) {
				t.Errorf("%+v pinned %s, %v", l, l.Pinned, err)
			}
		})
	}
}
