package journal

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// rowSumBytes is the length of a row's checksum.
const rowSumBytes = 16

// rowSum is the checksum of a journal's row: the beginning of the sha256 of the table's name and the row's values, each
// with its length, so that different rows have different texts. It guards against damage, not against forgery.
func rowSum(table string, values ...any) []byte {
	h := sha256.New()
	add := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	add([]byte(table))
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			h.Write([]byte{0xff})
		case string:
			add([]byte(v))
		case []byte:
			add(v)
		case int:
			add(binary.BigEndian.AppendUint64(nil, uint64(v)))
		default:
			panic(fmt.Sprintf("run: a journal keeps no %T", v))
		}
	}
	return h.Sum(nil)[:rowSumBytes]
}

// Limits are the limits for the rows of a journal.
type Limits struct {
	Holders int // length of a mask
	Total   int // samples that a whole score is of; 0: the metric does not count
	Blocks  int // of the resident layout
	// outcomes are what those of all samples have come to, as the metric packs them, and no bits
	Folds bool
}

// A journalRow is a row of the table scores.
type journalRow struct {
	mask     string
	progress bounds.Progress
	total    any    // int, or nil: the trial is unfinished
	value    any    // []byte, or nil
	outcomes []byte // nil: not kept
}

func (r journalRow) values() []any {
	var outcomes any
	if r.outcomes != nil {
		outcomes = r.outcomes
	}
	return []any{r.mask, "", r.progress.Blocks, r.progress.Count, bitsOf(r.progress.Sum), r.total, r.value, outcomes}
}

// scanRow reads a row of scores and believes nothing of it.
func scanRow(rows *sql.Rows, l Limits) (mask search.Mask, r journalRow, err error) {
	var grids string
	var blocks, count int64
	var gain, value, outcomes, sum []byte
	var total sql.NullInt64
	if err = rows.Scan(&r.mask, &grids, &blocks, &count, &gain, &total, &value, &outcomes, &sum); err != nil {
		return mask, r, err
	}
	where := func(format string, args ...any) error {
		return fmt.Errorf("the row of mask %.40q %w", r.mask, fmt.Errorf(format, args...))
	}
	var all, val, bits any
	if total.Valid {
		all = int(total.Int64)
	}
	if value != nil {
		val = value
	}
	if outcomes != nil {
		bits = outcomes
	}
	switch {
	case !slices.Equal(sum, rowSum("scores", r.mask, grids, int(blocks), int(count), gain, all, val, bits)):
		return mask, r, where("does not have its checksum")
	case grids != "":
		return mask, r, where("is of grids that this version does not know")
	case len(r.mask) != l.Holders:
		return mask, r, where("is of %d holders, the network has %d", len(r.mask), l.Holders)
	case blocks < 0 || blocks > int64(l.Blocks):
		return mask, r, where("says %d blocks of %d", blocks, l.Blocks)
	case total.Valid && total.Int64 != int64(l.Total):
		return mask, r, where("is of %d samples, the metric counts %d", total.Int64, l.Total)
	case count < 0 || count > int64(l.Total):
		return mask, r, where("says %d of %d", count, l.Total)
	case l.Folds: // the metric reads them
	case outcomes != nil && len(outcomes) != (l.Total+7)/8:
		return mask, r, where("has outcomes of %d bytes for %d samples", len(outcomes), l.Total)
	case outcomes != nil && hits(outcomes) != int(count):
		return mask, r, where("counts %d samples, its outcomes %d", count, hits(outcomes))
	}
	if mask, err = search.ParseMask(r.mask); err != nil {
		return mask, r, where("is none: %w", err)
	}
	r.progress = bounds.Progress{Blocks: int(blocks), Count: int(count)}
	if r.progress.Sum, err = floatOf(gain); err != nil {
		return mask, r, where("%w", err)
	}
	r.total, r.outcomes = all, outcomes
	if total.Valid && total.Int64 == 0 {
		if _, err = floatOf(value); err != nil {
			return mask, r, where("%w", err)
		}
	}
	r.value = val
	return mask, r, nil
}

// hits is the number of samples that outcomes count.
func hits(outcomes []byte) (n int) {
	for _, b := range outcomes {
		n += bits.OnesCount8(b)
	}
	return n
}

func bitsOf(v float64) []byte { return binary.BigEndian.AppendUint64(nil, math.Float64bits(v)) }

// floatOf reads the output of bitsOf; a score is never NaN.
func floatOf(b []byte) (float64, error) {
	if len(b) != 8 {
		return 0, errors.New("has a number that is not 8 bytes long")
	}
	v := math.Float64frombits(binary.BigEndian.Uint64(b))
	if v != v {
		return 0, errors.New("has a number that is none")
	}
	return v, nil
}
