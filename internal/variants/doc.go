// Package variants makes variants of a model that compute the same numbers: with other outputs, only its beginning,
// with fixed inputs or byte inputs, with declared shapes, with states that are fed back.
package variants
