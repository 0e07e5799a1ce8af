package mt

import (
	"math/bits"

	"gonum.org/v1/gonum/mathext/prng"
)

// Shuffler is the random generator of a search: the Mersenne twister MT19937 (Matsumoto and Nishimura, ACM TOMACS 8,
// 1998), initialised by the array [seed]. One generator serves the whole search, so that the second shuffle goes on
// where the first ended. It is not math/rand's because searches are compared with those of the reference, unit by unit.
type Shuffler struct{ twister *prng.MT19937 }

// New returns a generator for a seed. Equal seeds give equal permutations, on every machine.
func New(seed uint32) Shuffler {
	t := prng.NewMT19937()
	t.SeedFromKeys([]uint32{seed})
	return Shuffler{t}
}

// Shuffle permutes list in place (Fisher-Yates): for i from the end down to 1, it swaps i with a random j <= i. With
// the seed 1, 0 1 2 3 4 becomes 2 3 4 0 1, and that 2 4 3 1 0.
func (s Shuffler) Shuffle(list []int) {
	for i := len(list) - 1; i >= 1; i-- {
		j := s.below(uint32(i + 1))
		list[i], list[j] = list[j], list[i]
	}
}

// below returns a random number in 0..n-1, all equally likely: the top k bits of a 32-bit number, k the bit length of
// n. It rejects numbers that are too large, at most half of them.
func (s Shuffler) below(n uint32) uint32 {
	shift := 32 - bits.Len32(n)
	for {
		if j := s.twister.Uint32() >> shift; j < n {
			return j
		}
	}
}
