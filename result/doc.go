// Package result is the schema of result.json, which run writes, and report and other programs read: what was given,
// the mix that was found, its scores, what it saves, and what the search has cost. docs/result.md describes every
// field. Scores are in the metric's own unit and sign; numbers that JSON cannot hold are null.
package result
