// Package files opens what nobody trusts: the words of its errors, and the temporary files for what cannot be read in
// place.
package files
