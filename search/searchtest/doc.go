// Package searchtest holds what tests of evaluators and strategies share: lookup-table models, the golden cases, the
// recorded real run, and the comparison of any scan with the naive one.
package searchtest
