package link

import (
	"encoding/binary"
	"errors"
	"math"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// Version is that of the protocol. Both sides must have the same.
const Version = 2

// A Kind is what a message is. The first byte of one is Version in the upper four bits and the kind in the lower ones;
// all numbers behind it are little-endian.
type Kind byte

// The kinds of messages.
const (
	KindLease   Kind = 1 + iota // to a worker: its blocks of a trial, judged by the worker
	KindRows                    // to a worker: a lease whose answers have the output rows too
	KindOutputs                 // to a worker: a lease whose answers are the rows alone, which nobody judges there
	KindDrop                    // to a worker: a lease ends
	KindAnswer                  // which samples of a block count, and so what it has gained
	KindSum                     // what a block has gained where that is not all; of a lease of rows, that all are sent
	KindPiece                   // a piece of the output rows of a block
	KindFailed                  // a block of a lease has failed, in words
	KindBeat                    // once a second: the lease at hand, the answers to it so far, and all that was done
	KindLost                    // the worker's device does not answer any more, in words
	KindFull                    // a block of a lease has failed since the device's memory is full, in words
	KindMarks                   // a lease whose answers have marks of the samples in place of the rows
	KindDigests                 // a lease whose answers have marks with sums of the rows
	KindCounts                  // an answer of what the samples of a block have come to, where that adds up
	KindAnswers                 // several answers in one message
)

// head is the kind and the number of a lease, with which most messages begin, and PieceBytes the most of the rows in
// one message.
const head, PieceBytes = 9, 256 << 10

// errMessage says that bytes are no message.
var errMessage = errors.New("link: no message of this version")

// KindOf is the kind of a message. The error says that it is of another version, or of none.
func KindOf(m []byte) (Kind, error) {
	if len(m) == 0 || m[0]>>4 != Version || m[0]&15 == 0 || Kind(m[0]&15) > KindAnswers {
		return 0, errMessage
	}
	return Kind(m[0] & 15), nil
}

// begin is a message of a kind and a lease.
func begin(k Kind, lease uint64, size int) []byte {
	m := make([]byte, head, head+size)
	m[0] = Version<<4 | byte(k)
	binary.LittleEndian.PutUint64(m[1:], lease)
	return m
}

// LeaseOf is the number of the lease that a message is about.
func LeaseOf(m []byte) (uint64, error) {
	if len(m) < head {
		return 0, errMessage
	}
	return binary.LittleEndian.Uint64(m[1:]), nil
}

// endless is the spare of a lease that no loss ends.
const endless = math.MaxUint32

// Lease is the message of a lease under a number: 17 bytes, a bit a holder for each of both masks in whole bytes, and
// four for each block of Only.
func Lease(number uint64, l *bounds.Lease) []byte {
	kind, n := KindLease, (l.Mask.Len()+7)/8
	switch {
	case l.Marks == bounds.Margins:
		kind = KindMarks
	case l.Marks == bounds.Digests:
		kind = KindDigests
	case l.Rows && l.Unjudged:
		kind = KindOutputs
	case l.Rows:
		kind = KindRows
	}
	m := begin(kind, number, 8+2*n+4*len(l.Only))
	spare := uint32(endless)
	if l.Spare >= 0 && l.Spare < endless {
		spare = uint32(l.Spare)
	}
	m = binary.LittleEndian.AppendUint32(m, uint32(l.From))
	m = binary.LittleEndian.AppendUint32(m, spare)
	m = appendMask(appendMask(m, l.Base), l.Mask)
	for _, b := range l.Only {
		m = binary.LittleEndian.AppendUint32(m, uint32(b))
	}
	return m
}

// marksOf are what a lease of a kind wants of marks.
func marksOf(k Kind) bounds.Marks {
	switch k {
	case KindMarks:
		return bounds.Margins
	case KindDigests:
		return bounds.Digests
	}
	return bounds.NoMarks
}

// ReadLease reads such a message for a network of so many holders. The masks are new, and the ID is the number.
func ReadLease(m []byte, holders int) (l *bounds.Lease, err error) {
	k, err := KindOf(m)
	n := (holders + 7) / 8
	marks := marksOf(k)
	if err != nil || k > KindOutputs && marks == bounds.NoMarks || len(m) < head+8+2*n || (len(m)-head-2*n)%4 != 0 {
		return nil, errMessage
	}
	l = &bounds.Lease{ID: binary.LittleEndian.Uint64(m[1:]), From: int(binary.LittleEndian.Uint32(m[head:])), Spare: bounds.Endless, Rows: k != KindLease, Unjudged: k == KindOutputs, Marks: marks}
	if spare := binary.LittleEndian.Uint32(m[head+4:]); spare != endless {
		l.Spare = int(spare)
	}
	m = m[head+8:]
	if l.Base, err = readMask(m[:n], holders); err != nil {
		return nil, err
	}
	if l.Mask, err = readMask(m[n:2*n], holders); err != nil {
		return nil, err
	}
	for m = m[2*n:]; len(m) > 0; m = m[4:] {
		l.Only = append(l.Only, int(binary.LittleEndian.Uint32(m)))
	}
	return l, nil
}

func appendMask(m []byte, mask search.Mask) []byte {
	n := (mask.Len() + 7) / 8
	for i := range n {
		m = append(m, byte(mask.Words()[i/8]>>(i%8*8)))
	}
	return m
}

// readMask refuses bits behind the last holder.
func readMask(m []byte, holders int) (search.Mask, error) {
	mask := search.NewMask(holders)
	for i, b := range m {
		for bit := range 8 {
			if b>>bit&1 == 0 {
				continue
			}
			if i*8+bit >= holders {
				return mask, errMessage
			}
			mask.Demote(i*8 + bit)
		}
	}
	return mask, nil
}

// Drop is the message that ends a lease: 9 bytes.
func Drop(number uint64) []byte { return begin(KindDrop, number, 0) }

// Beat is the message that a worker is there, with the lease at hand, the answers that it has sent to it, and how many
// things it has done so far, whatever they are: 25 bytes.
func Beat(lease, answers, steps uint64) []byte {
	m := binary.LittleEndian.AppendUint64(begin(KindBeat, lease, 16), answers)
	return binary.LittleEndian.AppendUint64(m, steps)
}

// ReadBeat reads such a message.
func ReadBeat(m []byte) (lease, answers, steps uint64, err error) {
	if k, err := KindOf(m); err != nil || k != KindBeat || len(m) != head+16 {
		return 0, 0, 0, errMessage
	}
	return binary.LittleEndian.Uint64(m[1:]), binary.LittleEndian.Uint64(m[head:]), binary.LittleEndian.Uint64(m[head+8:]), nil
}

// Lost is the message that the worker's device is lost.
func Lost(why string) []byte { return append(begin(KindLost, 0, len(why)), why...) }

// Why is what Lost has said.
func Why(m []byte) string { return string(m[min(len(m), head):]) }
