// Package claim says what held-out samples prove of a mix: tests of a loss against another network and of a score, the
// numbers of samples that they need, and promises, which are tests of nested mixes in a fixed order.
package claim
