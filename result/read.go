package result

import (
	"path/filepath"

	"example.org/demote/disk"
)

// File is the name of the result in a run folder.
const File = "result.json"

// MaxFile bounds files of a run folder that are read, in bytes: those of a run of 100,000 holders stay below it.
const MaxFile = 128 << 20

// maxValues bounds the objects and lists of a result: what a few bytes of each become takes hundreds.
const maxValues = 1 << 20

// Read returns the bytes of the result of a run folder: a regular file of bounded size, and not more values than a
// run of 100,000 holders has. Errors are those of disk.ReadJSON.
func Read(dir string) ([]byte, error) {
	return disk.ReadJSON(filepath.Join(dir, File), MaxFile, maxValues)
}
