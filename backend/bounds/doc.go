// Package bounds answers scans without running most trials to their end. A scan asks which of several candidate masks
// is the first above a threshold, or else the best. A trial is the work of scoring one mask, block after block of the
// samples. It stops as soon as the remaining samples cannot lift it above the threshold. If no candidate passes, the
// best one is found best-first: by upper bounds of the scores, the highest first.
//
// The answers always equal those of search.NaiveScan. The package is plain logic. Scan chooses the blocks that are
// needed next, a Machine runs them, and Evaluator joins the two and remembers every score. If the machine is Workers,
// workers that would be idle run ahead of the scan: they run blocks that it will probably ask for. That saves time and
// changes no answer.
package bounds
