package config

import (
	"time"

	"example.org/demote/internal/stage"
)

// teller is who says how the stages of a run stand.
func (c Config) teller() stage.Teller {
	return stage.Teller{Book: c.Stages, Stage: c.Stage, Say: c.Say, Entered: c.Entered}
}

// Begin begins a stage, see teller.begin.
func (c Config) Begin(name, unit string, total int, expected time.Duration) *stage.Working {
	return c.teller().Begin(name, unit, total, expected)
}

// During is a stage of one piece, see teller.during.
func (c Config) During(name string, expected time.Duration, f func() error) error {
	return c.teller().During(name, expected, f)
}

// ReadData is the stage that reads the data, which decodes folders of images.
func (c Config) ReadData(open func(Config) error) error {
	c.Reading = c.Begin(stage.Data, "", 0, 0)
	defer c.Reading.End()
	return open(c)
}
