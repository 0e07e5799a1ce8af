package run

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"example.org/demote/search"
)

// InDefault returns the score that a mix's written file has in a default session, if the journal knows it. A row that is
// beyond the limits or does not have its checksum is an error that matches mistake.Err.
func (j *Journal) InDefault(mask search.Mask, l Limits) (s search.Score, known bool, err error) {
	var value, sum []byte
	text := mask.String()
	err = j.db.QueryRow(`SELECT count, total, value, sum FROM default_sessions WHERE mask = ? AND grids = ''`, text).Scan(&s.Count, &s.Total, &value, &sum)
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

// LearntInDefault keeps the score of a mix's written file in a default session.
func (j *Journal) LearntInDefault(mask search.Mask, s search.Score) error {
	values := []any{mask.String(), "", s.Count, s.Total, bitsOf(s.Value)}
	_, err := j.db.Exec(`INSERT OR REPLACE INTO default_sessions VALUES (?, ?, ?, ?, ?, ?)`, append(values, rowSum("default_sessions", values...))...)
	return j.written(err)
}

// askDefault scores a mix in a default session, or remembers what this run has learnt before.
func (s *searching) askDefault(ctx context.Context, m search.Mask) (search.Score, error) {
	if s.journal != nil {
		if score, known, err := s.journal.InDefault(m, s.limits()); known || err != nil {
			return score, err
		}
	}
	score, err := s.inDefault(ctx, m)
	if err == nil && s.journal != nil {
		err = s.journal.LearntInDefault(m, score)
	}
	return score, err
}
