// Package cost says what demoting each activation saves: bit operations, bytes, or what a file says.
package cost
