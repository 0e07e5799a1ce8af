package arrays

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestHeader(t *testing.T) {
	for _, c := range []struct{ name, text, bad string }{
		{"as NumPy writes it", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }      ", ""},
		{"other order", "{'shape':(2,3),'descr':'<f4','fortran_order':False}", ""},
		{"double quotes", `{"shape": (2, 3), "descr": "<f4", "fortran_order": False}`, ""},
		{"Python 2", "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }", ""},
		{"no dictionary", "hello", `"{" expected`},
		{"empty", "", `"{" expected`},
		{"empty dictionary", "{}", "descr, fortran_order and shape expected"},
		{"no shape", "{'descr': '<f4', 'fortran_order': False}", "descr, fortran_order and shape expected"},
		{"key twice", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False}", `"descr" twice`},
		{"unknown key", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,3), 'x': 1}", `unknown key "x"`},
		{"key without value", "{'descr'}", `":" expected`},
		{"string without end", "{'descr': '<f4", "a string does not end"},
		{"key without quotes", "{descr: '<f4'}", "a string expected"},
		{"list without end", "{'descr': [('a', '<f4'", "a list does not end"},
		{"order", "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,3)}", `"False" expected`},
		{"negative", "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,3)}", `"-2" is no dimension`},
		{"fraction", "{'descr': '<f4', 'fortran_order': False, 'shape': (2.5,3)}", `"2.5" is no dimension`},
		{"beyond int64", "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", "is no dimension"},
		{"tuple without end", "{'descr': '<f4', 'fortran_order': False, 'shape': (2", "a tuple does not end"},
		{"tuple with holes", "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", `"" is no dimension`},
		{"text behind", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,3)} x", "text after the dictionary"},
		{"two in a row", "{'descr': '<f4' 'fortran_order': False}", `"}" expected`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := append([]byte(npyMagic+"\x01\x00"), byte(len(c.text)), byte(len(c.text)>>8))
			b = append(b, c.text...)
			h, err := readHeader(bytes.NewReader(b))
			if c.bad != "" {
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Errorf("error %v, want %q", err, c.bad)
				}
				return
			}
			if err != nil || h.descr != "<f4" || h.fortran || !slices.Equal(h.shape, []int64{2, 3}) || h.size != int64(len(b)) {
				t.Errorf("%+v, %v", h, err)
			}
		})
	}
}
