package run

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"demote/search"
)

// InDefault returns the score that a mix's written file has in a default session, if the journal knows it.
func (j *Journal) InDefault(mask search.Mask) (s search.Score, known bool, err error) {
	var value []byte
	err = j.db.QueryRow(`SELECT count, total, value FROM default_sessions WHERE mask = ?`, mask.String()).Scan(&s.Count, &s.Total, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err == nil {
		s.Value, err = floatOf(value)
	}
	if err != nil {
		return s, false, fmt.Errorf("cannot read the journal: %w", err)
	}
	return s, true, nil
}

// LearntInDefault keeps the score of a mix's written file in a default session.
func (j *Journal) LearntInDefault(mask search.Mask, s search.Score) error {
	_, err := j.db.Exec(`INSERT OR REPLACE INTO default_sessions VALUES (?, ?, ?, ?)`, mask.String(), s.Count, s.Total, bitsOf(s.Value))
	if err != nil {
		return j.cannotWrite(err)
	}
	return nil
}

// askDefault scores a mix in a default session, or remembers what this run has learnt before.
func (s *searching) askDefault(ctx context.Context, m search.Mask) (search.Score, error) {
	if s.journal != nil {
		if score, known, err := s.journal.InDefault(m); known || err != nil {
			return score, err
		}
	}
	score, err := s.inDefault(ctx, m)
	if err == nil && s.journal != nil {
		err = s.journal.LearntInDefault(m, score)
	}
	return score, err
}
