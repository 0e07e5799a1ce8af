//go:build cuda && integer

package integer_test

import (
	_ "embed" // integer.ptx
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"gorgonia.org/cu"

	"example.org/demote/cuda/integer"
	_ "example.org/demote/cuda/internal/driver" // starts the driver before gorgonia.org/cu does
	"example.org/demote/quant"
)

//go:embed integer.ptx
var ptx string

// device is the emulated one, with the kernels of integer.cu.
type device struct {
	t      *testing.T
	module cu.Module
	memory []cu.DevicePtr
}

func open(t *testing.T) *device {
	t.Helper()
	runtime.LockOSThread()
	gpu := cu.Device(0)
	context, err := gpu.RetainPrimaryCtx()
	do(t, err)
	do(t, cu.SetCurrentContext(context))
	name, err := gpu.Name()
	do(t, err)
	t.Log(name)
	d := &device{t: t}
	d.module, err = cu.LoadData(ptx)
	do(t, err)
	t.Cleanup(func() {
		for _, p := range d.memory {
			do(t, cu.MemFree(p))
		}
		do(t, d.module.Unload())
		do(t, cu.SetCurrentContext(cu.CUContext{}))
		do(t, gpu.ReleasePrimaryCtx())
		runtime.UnlockOSThread()
	})
	return d
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put copies values to the device, at least one word.
func put[T any](d *device, values []T) cu.DevicePtr {
	d.t.Helper()
	size := int64(len(values)) * int64(unsafe.Sizeof(*new(T)))
	p, err := cu.MemAlloc(max(size, 4))
	do(d.t, err)
	d.memory = append(d.memory, p)
	if size > 0 {
		do(d.t, cu.MemcpyHtoD(p, unsafe.Pointer(&values[0]), size))
	}
	return p
}

func get[T any](d *device, p cu.DevicePtr, n int) []T {
	d.t.Helper()
	values := make([]T, n)
	do(d.t, cu.MemcpyDtoH(unsafe.Pointer(&values[0]), p, int64(n)*int64(unsafe.Sizeof(values[0]))))
	return values
}

// run launches a kernel with words of 8 bytes as arguments, and waits.
func (d *device) run(name string, blocks int, args ...uint64) {
	d.t.Helper()
	f, err := d.module.Function(name)
	do(d.t, err)
	pointers := make([]unsafe.Pointer, len(args))
	for i := range args {
		pointers[i] = unsafe.Pointer(&args[i])
	}
	do(d.t, f.Launch(blocks, 1, 1, 64, 1, 1, 0, cu.Stream{}, pointers))
	do(d.t, cu.Synchronize())
}

// What the kernels read: Shape, Channel and Finish of integer.cu.
type (
	shape   [17]int32
	channel struct {
		steps       int64
		scale, bias float32
	}
	finish struct {
		below, above, scale, lo, hi float32
		first, bits                 int32
	}
)

// word is four codes, as a number.
func word(code int8) int32 { return int32(uint32(uint8(code)) * 0x01010101) }

// launched is what the kernels make of a layer: steps, or values where it has no next grid.
func launched(d *device, l *integer.Layer, steps []int32, product bool) ([]int32, []float32) {
	high, low := integer.Planes(l.In, steps, l.Inputs)
	zeroHigh, zeroLow := integer.Planes(l.In, []int32{0}, 1)
	zeroLow = append(zeroLow, 0)
	var channels []channel
	for c, lacking := range l.Lacking() {
		channels = append(channels, channel{lacking, l.Scale(c), l.Bias[c]})
	}
	end := finish{below: l.Clip[0], above: l.Clip[1]}
	places := l.Samples * l.Out[0] * l.Out[1]
	row := (l.Channels + 3) / 4 * 4
	if l.Next.Scale != 0 {
		end.scale, end.lo, end.hi, end.first, end.bits = l.Next.Scale, l.Next.Lo, l.Next.Hi, integer.First(l.Next), int32(integer.Bits(l.Next))
	}
	words := (l.Inputs + 3) / 4
	y, yLow := put(d, make([]float32, places*row)), put(d, make([]int8, places*row))
	args := []uint64{uint64(y), uint64(yLow), uint64(put(d, high))}
	name := "conv_s8"
	if product {
		name = "product_s8"
	}
	if low != nil {
		args = append(args, uint64(put(d, low)))
		name = name[:len(name)-1] + "16"
	}
	args = append(args, uint64(put(d, l.Words())))
	if product {
		args = append(args, uint64(places), uint64(words), uint64(l.Channels))
	} else {
		args = append(args, uint64(put(d, []shape{{int32(l.Samples), int32(l.Height), int32(l.Width), int32(words), int32(l.Out[0]), int32(l.Out[1]), int32(l.Channels),
			int32(l.Kernel[0]), int32(l.Kernel[1]), int32(l.Stride[0]), int32(l.Stride[1]), int32(l.Pad[0]), int32(l.Pad[1]), int32(l.Dilation[0]), int32(l.Dilation[1]),
			word(zeroHigh[0]), word(zeroLow[0])}})))
	}
	d.run(name, 3, append(args, uint64(put(d, channels)), uint64(put(d, []finish{end})))...)
	switch end.bits {
	case 0:
		return nil, get[float32](d, y, places*l.Channels)
	case 8:
		return integer.FromPlanes(l.Next, get[int8](d, y, places*row), nil, l.Channels), nil
	}
	return integer.FromPlanes(l.Next, get[int8](d, y, places*row), get[int8](d, yLow, places*row), l.Channels), nil
}

// grid is one of 8 or 16 bits, whose zero is one of its ends or inside.
func grid(r *rand.Rand, bits int) quant.Params {
	lo := -r.IntN(1 << bits)
	return quant.Params{Scale: r.Float32()*0.1 + 1e-3, Lo: float32(lo), Hi: float32(lo + 1<<bits - 1)}
}

// drawn is a layer with drawn weights and samples; extreme ones have the largest steps and weights.
func drawn(r *rand.Rand, s integer.Shape, in, next int, extreme bool) (*integer.Layer, []int32) {
	l := &integer.Layer{Shape: s, In: grid(r, in), Clip: [2]float32{float32(math.Inf(-1)), float32(math.Inf(1))}}
	if next > 0 {
		l.Next = grid(r, next)
	}
	if r.IntN(2) == 0 {
		l.Clip[0] = 0
	}
	l.Weights = make([]int8, s.Channels*s.Kernel[0]*s.Kernel[1]*s.Inputs)
	for i := range l.Weights {
		if l.Weights[i] = int8(r.IntN(256) - 128); extreme {
			l.Weights[i] = -128
		}
	}
	for range s.Channels {
		l.Scales, l.Bias = append(l.Scales, r.Float32()*0.01), append(l.Bias, float32(r.NormFloat64()))
	}
	steps := make([]int32, s.Samples*s.Height*s.Width*s.Inputs)
	for i := range steps {
		if steps[i] = int32(l.In.Lo) + int32(r.IntN(1<<in)); extreme {
			steps[i] = int32(l.In.Lo)
		}
	}
	if next > 0 { // a scale with which the results lie on all of the grid
		largest := float32(1e-30)
		for _, v := range l.Values(l.Sums(steps)) {
			largest = max(largest, v, -v)
		}
		l.Next.Scale = largest / float32(int(1)<<next)
	}
	return l, steps
}

// TestConvolutions holds the kernels against the twin in Go, bit for bit: all pairs of widths, kernels, strides, pads,
// dilations, channels that fill no words, and sums that only 64 bits hold.
func TestConvolutions(t *testing.T) {
	d, r := open(t), rand.New(rand.NewPCG(1, 2))
	for _, s := range []integer.Shape{
		{Samples: 2, Height: 5, Width: 7, Inputs: 3, Channels: 5, Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Pad: [2]int{1, 1}, Dilation: [2]int{1, 1}, Out: [2]int{5, 7}},
		{Samples: 1, Height: 8, Width: 8, Inputs: 8, Channels: 4, Kernel: [2]int{3, 2}, Stride: [2]int{2, 3}, Pad: [2]int{0, 1}, Dilation: [2]int{1, 1}, Out: [2]int{3, 3}},
		{Samples: 3, Height: 6, Width: 5, Inputs: 6, Channels: 9, Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Out: [2]int{6, 5}},
		{Samples: 1, Height: 9, Width: 9, Inputs: 2, Channels: 3, Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Pad: [2]int{2, 2}, Dilation: [2]int{2, 2}, Out: [2]int{9, 9}},
		{Samples: 1, Height: 3, Width: 3, Inputs: 700, Channels: 2, Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Out: [2]int{1, 1}},
	} {
		s.Groups = 1
		for _, in := range []int{8, 16} {
			for _, next := range []int{8, 16, 0} {
				for _, extreme := range []bool{false, true} {
					compare(t, d, fmt.Sprintf("%d to %d bits, %+v, extreme %v", in, next, s, extreme), r, s, in, next, extreme, false)
				}
			}
		}
	}
}

// TestProducts does the same for matrix products.
func TestProducts(t *testing.T) {
	d, r := open(t), rand.New(rand.NewPCG(3, 4))
	for _, s := range []integer.Shape{{Samples: 7, Inputs: 30, Channels: 11}, {Samples: 3, Inputs: 64, Channels: 8}, {Samples: 2, Inputs: 9000, Channels: 3}} {
		one := [2]int{1, 1}
		s.Height, s.Width, s.Groups, s.Kernel, s.Stride, s.Dilation, s.Out = 1, 1, 1, one, one, one, one
		for _, in := range []int{8, 16} {
			for _, next := range []int{8, 16, 0} {
				for _, extreme := range []bool{false, true} {
					compare(t, d, fmt.Sprintf("%d to %d bits, %d of %d, extreme %v", in, next, s.Channels, s.Inputs, extreme), r, s, in, next, extreme, true)
				}
			}
		}
	}
}

func compare(t *testing.T, d *device, name string, r *rand.Rand, s integer.Shape, in, next int, extreme, product bool) {
	t.Helper()
	l, steps := drawn(r, s, in, next, extreme)
	do(t, l.Check())
	sums := l.Sums(steps)
	values := l.Values(sums)
	gotSteps, gotValues := launched(d, l, steps, product)
	if next > 0 {
		if want := integer.Steps(l.Next, values); !slices.Equal(gotSteps, want) {
			t.Errorf("%s: %d, want %d", name, gotSteps[:2], want[:2])
		}
		return
	}
	if !slices.EqualFunc(gotValues, values, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
		t.Errorf("%s: %g, want %g", name, gotValues[:2], values[:2])
	}
	if extreme && in == 16 && s.Inputs*s.Kernel[0]*s.Kernel[1] > 600 && l.In.Lo < -20000 {
		if largest := slices.Max(sums); largest < 1<<31 {
			t.Errorf("%s: the largest sum is %d, which 32 bits hold", name, largest)
		}
	}
}
