// Package holdout is the samples that no trial sees: it keeps them apart from the search's, scores the networks on them
// once, and tests the promise that is made of a mix.
package holdout
