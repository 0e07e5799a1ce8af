package result

import "testing"

func TestWidthsText(t *testing.T) {
	w := &Widths{"int4", "int8"}
	for text, want := range map[string]string{
		"7 of 9 run in int8; 2 stay int16:":                    "7 of 9 run in int4; 2 stay int8:",
		"the 16-bit network scores 0.9 and all int8 0.8":       "the 8-bit network scores 0.9 and all int4 0.8",
		"the all-int16 baseline (int8).":                       "the all-int8 baseline (int4).",
		"no sums of int8 products of int8":                     "no sums of int8 products of int4",
		"int16":                                                "int8",
		"--int16-share 20%: leave --int16-share out of int16.": "--int16-share 20%: leave --int16-share out of int8.",
		"option int16-share, 16bit-0.005":                      "option int16-share, 16bit-0.005",
		"x_int8.onnx int8.onnx m/int8.onnx conv=int8":          "x_int8.onnx int8.onnx m/int8.onnx conv=int8",
		`tensor "int8" stays int16`:                            `tensor "int8" stays int8`,
		`5" of int8`:                                           `5" of int4`,
		"uint8 int8x myint8 int16s":                            "uint8 int8x myint8 int16s",
	} {
		if got := w.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if got := (*Widths)(nil).Text(text); got != text {
			t.Errorf("the usual widths changed %q to %q", text, got)
		}
	}
	if got := (&Widths{"int8", "bf16"}).Text("the 8-bit and the 16-bit score of int8 and int16"); got != "the 8-bit and the bf16 score of int8 and bf16" {
		t.Error(got)
	}
	if WidthsOf("int8", "int16") != nil || WidthsOf("int4", "int16").HighName() != "int16" {
		t.Error("the usual widths have no name in a result, others do")
	}
}
