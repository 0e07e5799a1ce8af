package detect

// A Box is a rectangle in pixels, with its left upper corner at X, Y.
type Box struct{ X, Y, W, H float64 }

// Found is a box that a network has found.
type Found struct {
	Box
	Class int32
	Score float32
}

// Wanted is a box that it should find.
type Wanted struct {
	Box
	Class int32
	// it stands for many objects that nobody has told apart: what is found in it is neither right nor wrong
	Crowd bool
	Area  float64 // of the object, in square pixels, which may be less than that of its box
}

// An Image is what was found in one, the best first, and what is there.
type Image struct {
	Found  []Found
	Wanted []Wanted
}

// overlap is the area of two boxes that both have, over that which one of them has; over that of the first alone where
// the second is a crowd.
func overlap(a, b Box, crowd bool) float64 {
	w := min(a.W+a.X, b.W+b.X) - max(a.X, b.X)
	h := min(a.H+a.Y, b.H+b.Y) - max(a.Y, b.Y)
	if !(w > 0 && h > 0) {
		return 0
	}
	both, first := w*h, a.W*a.H
	if crowd {
		return both / first
	}
	return both / (first + float64(b.W*b.H) - both)
}
