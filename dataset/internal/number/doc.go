// Package number has the element types of samples, and the conversion of one to another: by value, rounded once.
package number
