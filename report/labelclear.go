package report

import "math"

// labelClear writes a text near a point, at that of some places where the fewest bits of the lines and of the target
// lie below it; of equal places at the first.
func (p plane) labelClear(text string, x, y float64, lines [][][2]float64, target *float64) {
	const tall, each, bit = 16.0, 9.0, 6.0
	wide := each * float64(len([]rune(text)))
	bestX, bestY, least := 0.0, 0.0, -1
	for _, dy := range []float64{30, -12, 50, -34, 72, 96} {
		for _, dx := range []float64{-wide - 4, 8} {
			left, base := x+dx, y+dy
			if left < p.x.start || left+wide > p.x.end || base-tall < p.y.end || base > p.y.start-4 {
				continue
			}
			covers := func(a, b float64) bool { return a >= left-2 && a <= left+wide+2 && b >= base-tall && b <= base+4 }
			n := 0
			for _, line := range lines {
				for i := 1; i < len(line); i++ {
					dx, dy := line[i][0]-line[i-1][0], line[i][1]-line[i-1][1]
					bits := math.Ceil(math.Hypot(dx, dy) / bit)
					for k := range int(bits) {
						if covers(line[i-1][0]+dx*float64(k)/bits, line[i-1][1]+dy*float64(k)/bits) {
							n++
						}
					}
				}
			}
			if target != nil && covers(left, p.y.at(*target)) {
				n += int(wide / bit)
			}
			if least < 0 || n < least {
				bestX, bestY, least = left, base, n
			}
		}
	}
	if least >= 0 {
		if bestY > y+40 { // far off: a line leads there
			p.line("axis", x, y+9, min(max(x, bestX), bestX+wide-6), bestY-14)
		}
		p.label(text, "start", "letter", bestX, bestY)
	}
}
