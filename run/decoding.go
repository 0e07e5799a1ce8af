package run

import (
	"fmt"
	"time"
)

// decodeEvery is the time between two lines about images that are being decoded.
const decodeEvery = stageEvery

// decoding tells how far the decoding of a folder of images has come, with the time that the rest will take at the same pace.
func decoding(path string, c Config) func(done, total int) {
	if c.Say == nil {
		return nil
	}
	begun := time.Now()
	return func(done, total int) {
		left := atPace(time.Since(begun), done, total).Round(time.Second)
		c.Say(fmt.Sprintf("%s: %d of %d images decoded, about %v left", path, done, total, left))
	}
}
