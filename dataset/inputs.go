package dataset

// Inputs returns the inputs that the data were opened for, by index. The set owns them.
func (s *Set) Inputs() []Input { return s.inputs }
