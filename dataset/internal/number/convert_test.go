package number

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
				if i := NewConverter(from, to, big, nil).Convert(got, raw, 0); i >= 0 {
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
			if got := NewConverter(c.from, c.to, false, nil).Convert(make([]byte, 64), raw, 0); got != c.bad {
				t.Errorf("first bad %d, want %d", got, c.bad)
			}
		})
	}
}

func TestCastToHalfRoundsOnce(t *testing.T) {
	// 1 + 2^-11 + 2^-40: float32 would make it a tie, which goes down.
	raw := encode(t, binary.LittleEndian, []float64{1 + 1.0/(1<<11) + 1.0/(1<<40)})
	var got [2]byte
	NewConverter(Float64, Float16, false, nil).Convert(got[:], raw, 0)
	if h := binary.LittleEndian.Uint16(got[:]); h != 0x3c01 {
		t.Errorf("%#04x, want 0x3c01", h)
	}
}
