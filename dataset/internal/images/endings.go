package images

import (
	"path"
	"slices"
	"strings"
)

// Endings are the endings of the files that a folder's other files are told from.
var Endings = []string{".png", ".jpg", ".jpeg", ".gif", ".webp"}

// IsImage tells by its name whether a file is an image.
func IsImage(name string) bool {
	return !strings.HasPrefix(name, ".") && slices.Contains(Endings, strings.ToLower(path.Ext(name)))
}
