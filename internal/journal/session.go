package journal

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"

	"example.org/demote/search"
)

// InDefault returns the score of a mix's written file in a default session (ONNX Runtime with no options set), if the
// journal has it. A row beyond the limits or with a wrong checksum is an error that matches mistake.Err.
func (j *Journal) InDefault(mask search.Mask, l Limits) (s search.Score, known bool, err error) {
	var value, sum []byte
	text := mask.String()
	err = j.DB.QueryRow(`SELECT count, total, value, sum FROM default_sessions WHERE mask = ? AND grids = ''`, text).Scan(&s.Count, &s.Total, &value, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s, false, nil
	case err != nil:
		return s, false, j.cannotRead(err)
	case !bytes.Equal(sum, rowSum("default_sessions", text, "", s.Count, s.Total, value)):
		return s, false, j.damaged("a score in a default session does not have its checksum")
	case s.Total != l.Total || s.Count < 0 || s.Count > l.Total:
		return s, false, j.damaged(fmt.Sprintf("a score in a default session is %d of %d, the metric counts %d", s.Count, s.Total, l.Total))
	}
	if s.Value, err = floatOf(value); err != nil {
		return s, false, j.cannotRead(err)
	}
	return s, true, nil
}

// EachInDefault calls f for every mix whose score in a default session the journal has. Errors are those of InDefault.
func (j *Journal) EachInDefault(l Limits, f func(search.Mask, search.Score)) error {
	rows, err := j.DB.Query(`SELECT mask FROM default_sessions WHERE grids = ''`)
	if err != nil {
		return j.cannotRead(err)
	}
	var masks []search.Mask
	for rows.Next() {
		var text string
		if err = rows.Scan(&text); err != nil {
			break
		}
		m, merr := search.ParseMask(text)
		if merr != nil || m.Len() != l.Holders {
			err = errors.New("a score in a default session is of another network's mix")
			break
		}
		masks = append(masks, m)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return j.cannotRead(err)
	}
	for _, m := range masks {
		score, known, err := j.InDefault(m, l)
		if err != nil {
			return err
		}
		if known {
			f(m, score)
		}
	}
	return nil
}

// LearntInDefault stores the score of a mix's written file in a default session.
func (j *Journal) LearntInDefault(mask search.Mask, s search.Score) error {
	values := []any{mask.String(), "", s.Count, s.Total, bitsOf(s.Value)}
	_, err := j.DB.Exec(`INSERT OR REPLACE INTO default_sessions VALUES (?, ?, ?, ?, ?, ?)`, append(values, rowSum("default_sessions", values...))...)
	return j.written(err)
}
