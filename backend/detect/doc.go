// Package detect scores object detectors: it reads boxes out of a network's outputs, suppresses those that overlap, and
// computes the mean average precision that COCO defines.
package detect
