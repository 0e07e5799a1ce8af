//go:build cuda

package cuda

import "math"

// Sigmoid is the logistic function of kernels.cu, bit for bit: a quotient of two polynomials on [-18, 18] plus 1/2,
// never below 0. It is that of ONNX Runtime on a CPU with fused multiply-adds. NaN stays NaN.
func Sigmoid(x float32) float32 {
	v := x
	if v < -18 {
		v = -18
	}
	if v > 18 {
		v = 18
	}
	s := float32(v * v)
	p := horner(s, 4.37031012579801e-11, 1.15627324459942e-07, 6.08574864600143e-05, 8.51377133304701e-03, 2.48287947061529e-01)
	q := horner(s, 6.10247389755681e-13, 5.76102136993427e-09, 6.29106785017040e-06, 1.70198817374094e-03, 1.16817656904453e-01, 9.93151921023180e-01)
	y := float32(float32(float32(v*p)/q) + 0.5)
	if y < 0 {
		return 0
	}
	return y
}

// horner is a polynomial, highest power first, each step rounded once.
func horner(x float32, coefficients ...float32) float32 {
	y := coefficients[0]
	for _, c := range coefficients[1:] {
		y = fma32(y, x, c)
	}
	return y
}

// fma32 is x*y + z rounded once. The product is exact in float64; a sum that is not is rounded to odd there, so that
// the second rounding is that of the exact sum.
func fma32(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z)
	s := p + c
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	t := s - p
	rest := (p - (s - t)) + (c - t) // what the sum has lost
	if bits := math.Float64bits(s); rest != 0 && bits&1 == 0 {
		if (rest > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}
