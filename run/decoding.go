package run

import (
	"fmt"
	"time"

	"example.org/demote/internal/stage"
)

// decodeEvery is the time between two lines about images that are being decoded.
const decodeEvery = stage.StageEvery

// decoding tells how far the decoding of a folder of images has come, with the time that the rest will take at the
// same pace: as the stage that reads the data, where one is under way.
func decoding(path string, c Config) func(done, total int) {
	begun := time.Now()
	if c.Reading != nil {
		return func(done, total int) { c.Reading.Count("images", done, total, begun) }
	}
	if c.Say == nil {
		return nil
	}
	return func(done, total int) {
		left := stage.AtPace(time.Since(begun), done, total).Round(time.Second)
		c.Say(fmt.Sprintf("%s: %d of %d images decoded, about %v left", path, done, total, left))
	}
}
