package link

import (
	"encoding/binary"
	"math"
	"math/bits"

	"example.org/demote/backend/bounds"
)

// paced is the length of an answer in front of what the block has gained: its kind, five bytes of its lease's number,
// that of the block, and three of its work and time.
const paced = 1 + leaseBytes + 4 + 3

// leaseBytes are those of a lease's number in an answer: leases are fewer than 2^40.
const leaseBytes = 5

// Answer is the message of what a block of so many samples has gained: 13 bytes, and eight for each 64 samples where
// the gain is which of them count, else twelve; where it is outcomes, which must add up: one to five for each of their
// numbers.
func Answer(a *bounds.Answer, samples int) []byte {
	if len(a.Gain.Outcomes) > 0 {
		return appendCounts(pace(KindCounts, a, 0), a.Gain.Outcomes)
	}
	if words := (samples + 63) / 64; counts(a.Gain, words) {
		m := pace(KindAnswer, a, 8*words)
		for _, w := range a.Gain.Hits[:words] {
			m = binary.LittleEndian.AppendUint64(m, w)
		}
		return m
	}
	m := binary.LittleEndian.AppendUint64(pace(KindSum, a, 12), math.Float64bits(a.Gain.Sum))
	return binary.LittleEndian.AppendUint32(m, uint32(a.Gain.Count))
}

// counts says whether a gain is which of the samples count, and nothing else.
func counts(g bounds.Gain, words int) bool {
	n := 0
	for i, w := range g.Hits {
		if n += bits.OnesCount64(w); i >= words && w != 0 {
			return false
		}
	}
	return n > 0 && g.Count == n && g.Sum == float64(n) && words <= len(g.Hits)
}

// pace is a message of an answer without its gain.
func pace(k Kind, a *bounds.Answer, size int) []byte {
	m := make([]byte, paced, paced+size)
	m[0] = Version<<4 | byte(k)
	var lease [8]byte
	binary.LittleEndian.PutUint64(lease[:], a.Lease)
	copy(m[1:], lease[:leaseBytes])
	binary.LittleEndian.PutUint32(m[1+leaseBytes:], uint32(a.Block))
	both := rough(a.Work) | rough(a.Seconds)<<12
	m[paced-3], m[paced-2], m[paced-1] = byte(both), byte(both>>8), byte(both>>16)
	return m
}

// rough is a number from 2^-32 to 2^31 in twelve bits, six of them the exponent's, within a hundredth; 0 is 0, and what
// is beyond is at the end.
func rough(v float64) uint32 {
	if !(v > 0) {
		return 0
	}
	fraction, exponent := math.Frexp(v) // from a half to 1
	code := (exponent+31)*64 + int(math.Round(fraction*128)) - 64
	return uint32(max(1, min(code, 1<<12-1)))
}

// smooth is what rough stands for.
func smooth(code uint32) float64 {
	if code == 0 {
		return 0
	}
	return math.Ldexp(float64(64+code%64)/128, int(code/64)-31)
}

func block(k Kind, lease uint64, block, size int) []byte {
	return binary.LittleEndian.AppendUint32(begin(k, lease, 4+size), uint32(block))
}

// BlockOf is the number of the block that a message from a worker is about.
func BlockOf(m []byte) (int, error) {
	if len(m) < head+4 {
		return 0, errMessage
	}
	return int(binary.LittleEndian.Uint32(m[head:])), nil
}

// ReadAnswer reads the message of Answer.
func ReadAnswer(m []byte) (a bounds.Answer, err error) {
	k, err := KindOf(m)
	if err != nil || len(m) < paced {
		return a, errMessage
	}
	var lease [8]byte
	copy(lease[:], m[1:1+leaseBytes])
	a.Lease, a.Block = binary.LittleEndian.Uint64(lease[:]), int(binary.LittleEndian.Uint32(m[1+leaseBytes:]))
	both := uint32(m[paced-3]) | uint32(m[paced-2])<<8 | uint32(m[paced-1])<<16
	a.Work, a.Seconds = smooth(both&(1<<12-1)), smooth(both>>12)
	m = m[paced:]
	switch {
	case k == KindSum && len(m) == 12:
		a.Gain.Sum = math.Float64frombits(binary.LittleEndian.Uint64(m))
		a.Gain.Count = int(binary.LittleEndian.Uint32(m[8:]))
	case k == KindAnswer && len(m)%8 == 0 && len(m) <= 8*len(a.Gain.Hits):
		for i := range len(m) / 8 {
			a.Gain.Hits[i] = binary.LittleEndian.Uint64(m[8*i:])
			a.Gain.Count += bits.OnesCount64(a.Gain.Hits[i])
		}
		a.Gain.Sum = float64(a.Gain.Count)
	case k == KindCounts:
		a.Gain.Outcomes, err = readCounts(m)
		return a, err
	default:
		return a, errMessage
	}
	return a, nil
}

// Failed is the message that a block has failed; full: since the device's memory is full.
func Failed(lease uint64, number int, why string, full bool) []byte {
	kind := KindFailed
	if full {
		kind = KindFull
	}
	return append(block(kind, lease, number, len(why)), why...)
}

// FailedWhy is what Failed has said.
func FailedWhy(m []byte) string { return string(m[min(len(m), head+4):]) }

// Pieces are the messages of the output rows of a block, each of which says how many values lie before its own.
func Pieces(lease uint64, number int, rows []float32) (list [][]byte) {
	for at := 0; at < len(rows); at += PieceBytes / 4 {
		part := rows[at:min(len(rows), at+PieceBytes/4)]
		m := binary.LittleEndian.AppendUint32(block(KindPiece, lease, number, 4+4*len(part)), uint32(at))
		for _, v := range part {
			m = binary.LittleEndian.AppendUint32(m, math.Float32bits(v))
		}
		list = append(list, m)
	}
	return list
}

// ReadPiece writes the values of such a message to where they belong in rows, and says where they begin and end.
func ReadPiece(m []byte, rows []float32) (from, to int, err error) {
	if len(m) < head+8 || (len(m)-head-8)%4 != 0 {
		return 0, 0, errMessage
	}
	from, m = int(binary.LittleEndian.Uint32(m[head+4:])), m[head+8:]
	if to = from + len(m)/4; from%(PieceBytes/4) != 0 || to > len(rows) || to != min(len(rows), from+PieceBytes/4) {
		return 0, 0, errMessage
	}
	for i := range rows[from:to] {
		rows[from+i] = math.Float32frombits(binary.LittleEndian.Uint32(m[4*i:]))
	}
	return from, to, nil
}
