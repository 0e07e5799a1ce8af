package report

// inside cuts a line of points to a box; it falls apart where it leaves the box (Liang and Barsky, 1984).
func inside(line [][2]float64, left, right, low, high float64) (pieces [][][2]float64) {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		from, to := 0.0, 1.0
		dx, dy := b[0]-a[0], b[1]-a[1]
		for _, side := range [][2]float64{{-dx, a[0] - left}, {dx, right - a[0]}, {-dy, a[1] - low}, {dy, high - a[1]}} {
			switch p, q := side[0], side[1]; {
			case p == 0 && q < 0:
				to = -1
			case p < 0:
				from = max(from, q/p)
			case p > 0:
				to = min(to, q/p)
			}
		}
		if from > to {
			continue
		}
		first, last := [2]float64{a[0] + from*dx, a[1] + from*dy}, [2]float64{a[0] + to*dx, a[1] + to*dy}
		if n := len(pieces); n > 0 && from == 0 && pieces[n-1][len(pieces[n-1])-1] == a {
			pieces[n-1] = append(pieces[n-1], last)
			continue
		}
		pieces = append(pieces, [][2]float64{first, last})
	}
	return pieces
}
