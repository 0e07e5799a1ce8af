package link

import (
	"encoding/binary"
	"math"

	"example.org/demote/backend/bounds"
)

// mostNumber is the most bytes of a number of an outcome.
const mostNumber = binary.MaxVarintLen32

// CountsFit says whether outcomes of so many numbers fit in one answer, whatever the numbers are.
func CountsFit(numbers int) bool { return numbers <= PieceBytes/mostNumber }

// appendCounts appends outcomes one behind the other, as integers of varying length: 0 or more.
func appendCounts(m []byte, list []bounds.Outcome) []byte {
	for _, o := range list {
		for _, n := range o {
			m = binary.AppendUvarint(m, uint64(uint32(n)))
		}
	}
	return m
}

// readCounts reads such outcomes, as one. It takes four bytes of memory for each byte, of at most PieceBytes.
func readCounts(m []byte) ([]bounds.Outcome, error) {
	if len(m) == 0 || len(m) > PieceBytes {
		return nil, errMessage
	}
	numbers := 0
	for _, b := range m {
		if b < 0x80 {
			numbers++
		}
	}
	o := make(bounds.Outcome, 0, numbers)
	for len(m) > 0 {
		n, size := binary.Uvarint(m)
		if size <= 0 || size > mostNumber || n > math.MaxInt32 {
			return nil, errMessage
		}
		o, m = append(o, int32(n)), m[size:]
	}
	return []bounds.Outcome{o}, nil
}
