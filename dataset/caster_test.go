package dataset

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// goTypes are Go's types for the element types that have one.
var goTypes = map[Type]reflect.Type{
	Float32: reflect.TypeFor[float32](), Float64: reflect.TypeFor[float64](),
	Int8: reflect.TypeFor[int8](), Int16: reflect.TypeFor[int16](), Int32: reflect.TypeFor[int32](), Int64: reflect.TypeFor[int64](),
	Uint8: reflect.TypeFor[uint8](), Uint16: reflect.TypeFor[uint16](), Uint32: reflect.TypeFor[uint32](), Uint64: reflect.TypeFor[uint64](),
}

// TestCastIsGoConversion compares all pairs of types with Go's own conversions, which round once.
func TestCastIsGoConversion(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	const n = 500
	for from, gf := range goTypes {
		for to, gt := range goTypes {
			if from.Float() && !to.Float() {
				continue
			}
			src := reflect.MakeSlice(reflect.SliceOf(gf), n, n)
			want := reflect.MakeSlice(reflect.SliceOf(gt), n, n)
			for i := range n {
				v := reflect.ValueOf(r.Uint64() >> r.IntN(64)).Convert(gf)
				if from.Float() {
					v = reflect.ValueOf(r.NormFloat64() * math.Pow(2, float64(r.IntN(100)-50))).Convert(gf)
				}
				if !to.Float() && !v.Convert(gt).Convert(gf).Equal(v) || !to.Float() && negative(v) != negative(v.Convert(gt)) {
					v = reflect.Zero(gf) // does not fit; see TestCastRange
				}
				src.Index(i).Set(v)
				want.Index(i).Set(v.Convert(gt))
			}
			for _, big := range []bool{false, true} {
				order := binary.ByteOrder(binary.LittleEndian)
				if big {
					order = binary.BigEndian
				}
				raw := encode(t, order, src.Interface())
				got := make([]byte, n*to.Size())
				if i := newCaster(from, to, big, nil).cast(got, raw, 0); i >= 0 {
					t.Errorf("%s to %s: %v does not fit", from, to, src.Index(i))
				}
				if !reflect.DeepEqual(got, encode(t, binary.LittleEndian, want.Interface())) {
					t.Errorf("%s to %s, big %t, seed %d: differs from Go's conversion", from, to, big, seed)
				}
			}
		}
	}
}

func negative(v reflect.Value) bool { return v.CanInt() && v.Int() < 0 }

func encode(t *testing.T, order binary.ByteOrder, data any) []byte {
	t.Helper()
	b, err := binary.Append(nil, order, data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCastRange(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to Type
		data     any
		bad      int
	}{
		{"int8 above", Int16, Int8, []int16{0, 127, 128}, 2},
		{"int8 below", Int64, Int8, []int64{-128, -129}, 1},
		{"uint8 above", Int32, Uint8, []int32{255, 256}, 1},
		{"uint8 negative", Int8, Uint8, []int8{-1}, 0},
		{"int32 above", Int64, Int32, []int64{math.MaxInt32, math.MaxInt32 + 1}, 1},
		{"int64 from uint64", Uint64, Int64, []uint64{math.MaxInt64, math.MaxInt64 + 1}, 1},
		{"int32 from uint64", Uint64, Int32, []uint64{math.MaxUint64}, 0},
		{"uint64 negative", Int64, Uint64, []int64{math.MaxInt64, -1}, 1},
		{"bool", Uint8, Bool, []uint8{0, 1, 2}, 2},
		{"bool is normal", Bool, Bool, []uint8{0, 1, 2}, -1},
		{"bool to int", Bool, Int64, []uint8{0, 1, 255}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := encode(t, binary.LittleEndian, c.data)
			if got := newCaster(c.from, c.to, false, nil).cast(make([]byte, 64), raw, 0); got != c.bad {
				t.Errorf("first bad %d, want %d", got, c.bad)
			}
		})
	}
}

func TestCastToHalfRoundsOnce(t *testing.T) {
	// 1 + 2^-11 + 2^-40: float32 would make it a tie, which goes down.
	raw := encode(t, binary.LittleEndian, []float64{1 + 1.0/(1<<11) + 1.0/(1<<40)})
	var got [2]byte
	newCaster(Float64, Float16, false, nil).cast(got[:], raw, 0)
	if h := binary.LittleEndian.Uint16(got[:]); h != 0x3c01 {
		t.Errorf("%#04x, want 0x3c01", h)
	}
}

func TestNormalize(t *testing.T) {
	third := float32(1) / 3
	rgb := []float32{0.485, 0.456, 0.406}
	for _, c := range []struct {
		name  string
		shape []int64
		o     Options
		x     []float64
		want  []float32
	}{
		{"scale first", []int64{2}, Options{Scale: []float32{0.5}, Mean: []float32{1}, Std: []float32{4}}, []float64{10, 2}, []float32{1, 0}},
		{"only mean", []int64{2}, Options{Mean: []float32{1}}, []float64{10, 2}, []float32{9, 1}},
		{"only std divides", []int64{2}, Options{Std: []float32{3}}, []float64{1, 7}, []float32{third, float32(7) / 3}},
		{"channels first", []int64{3, 1, 2}, Options{Mean: rgb}, []float64{0, 1, 0, 1, 0, 1},
			[]float32{-0.485, 1 - rgb[0], -0.456, 1 - rgb[1], -0.406, 1 - rgb[2]}},
		{"channels last", []int64{2, 3}, Options{Mean: rgb}, []float64{0, 0, 0, 1, 1, 1},
			[]float32{-0.485, -0.456, -0.406, 1 - rgb[0], 1 - rgb[1], 1 - rgb[2]}},
		{"one number beside many", []int64{2, 3}, Options{Scale: []float32{2}, Std: []float32{1, 2, 4}}, []float64{1, 1, 1, 2, 2, 2},
			[]float32{2, 1, 0.5, 4, 2, 1}},
		{"both axes fit: the first is taken", []int64{2, 2}, Options{Mean: []float32{1, 2}}, []float64{0, 0, 0, 0}, []float32{-1, -1, -2, -2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, err := newNormalizer(Input{Name: "x"}, c.shape, &c.o)
			if err != nil {
				t.Fatal(err)
			}
			for split := range c.x { // in one piece or two
				v := append([]float64(nil), c.x...)
				z.apply(v[:split], 0)
				z.apply(v[split:], split)
				for i := range v {
					if float32(v[i]) != c.want[i] {
						t.Errorf("split %d, element %d: %v, want %v", split, i, v[i], c.want[i])
					}
				}
			}
		})
	}
}

func TestNormalizeBadNumbers(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"std 0", Options{Std: []float32{0}}, "std holds 0"},
		{"NaN", Options{Mean: []float32{nan}}, "mean holds NaN"},
		{"infinite", Options{Scale: []float32{float32(math.Inf(1))}}, "scale holds +Inf"},
		{"lengths differ", Options{Mean: []float32{1, 2, 3}, Std: []float32{1, 2}}, "std has 2 numbers where another option has 3"},
		{"no such channels", Options{Mean: []float32{1, 2}}, "have 2 numbers, but a sample of input \"x\" is [3,4,4]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newNormalizer(Input{Name: "x"}, []int64{3, 4, 4}, &c.o)
			wantBad(t, err, c.want)
		})
	}
}
