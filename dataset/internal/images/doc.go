// Package images decodes image files to samples of 8 bits a channel, in the size and the axis order of a network's
// input.
package images
