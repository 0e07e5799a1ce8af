// Package variants makes other models of a model that compute the same numbers: some outputs of it, its beginning,
// inputs fixed or fed with bytes, shapes declared, states handed on.
package variants
