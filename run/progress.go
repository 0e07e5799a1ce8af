package run

import (
	"time"

	"example.org/demote/internal/stage"
)

// A Stage is a part of the work before the first trial, as it stands.
type Stage = stage.Stage

// teller is who says how the stages of a run stand.
func (c Config) teller() stage.Teller {
	return stage.Teller{Book: c.Stages, Stage: c.Stage, Say: c.Say, Entered: c.Entered}
}

// begin begins a stage, see teller.begin.
func (c Config) begin(name, unit string, total int, expected time.Duration) *stage.Working {
	return c.teller().Begin(name, unit, total, expected)
}

// during is a stage of one piece, see teller.during.
func (c Config) during(name string, expected time.Duration, f func() error) error {
	return c.teller().During(name, expected, f)
}

// readData is the stage that reads the data, which decodes folders of images.
func (c Config) readData(open func(Config) error) error {
	c.Reading = c.begin(stage.Data, "", 0, 0)
	defer c.Reading.End()
	return open(c)
}
