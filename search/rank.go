package search

// rank scores each unit alone, then walks that order once: a unit that breaks the target is skipped and the walk goes on.
func rank(s *session) error {
	r, err := s.rankByScore()
	if err != nil {
		return err
	}
	_, err = s.walk(s.restOf(r.units))
	return err
}
