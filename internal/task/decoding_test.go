package task

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
)

// TestDecodingIsTheStage holds that images which are decoded while the data is read are told of once, by the stage.
func TestDecodingIsTheStage(t *testing.T) {
	var said []string
	c := config.Config{Say: func(line string) { said = append(said, line) }}
	decoding("images", c)(5, 10)
	if !slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "images: 5 of 10 images decoded") }) {
		t.Errorf("without a stage it says %q", said)
	}
	said = nil
	var stands stage.Stage
	err := c.ReadData(func(c config.Config) error {
		decoding("images", c)(5, 10)
		stands = c.Reading.Stands()
		return nil
	})
	if err != nil || len(said) > 0 {
		t.Fatalf("beside the stage it says %q, and the error is %v", said, err)
	}
	if stands.Unit != "images" || stands.Done != 5 || stands.Total != 10 || stands.Left < 0 {
		t.Errorf("the stage stands at %+v", stands)
	}
}
