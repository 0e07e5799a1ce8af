package dataset

// A Class is a sub-folder of a folder of images, and the label that its images got.
type Class struct {
	Name  string
	Label int64
}

// Classes lists the sub-folders of a folder of images that was labelled by them, in the order of their names; nil for
// other data. The caller does not change it.
func (s *Set) Classes() []Class { return s.classes }
