// Package target reads what a user asks for, such as 16bit-0.005, and resolves it to the number that a search compares
// with, exactly on the typed digits.
package target
