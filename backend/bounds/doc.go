// Package bounds answers scans without running most trials to their end. A scan asks which of several candidate masks
// is the first above a threshold, or else the best. A trial is the work of scoring one mask, block after block of the
// samples. It stops as soon as the remaining samples cannot lift it above the threshold. If no candidate passes, the
// best one is found best-first: by upper bounds of the scores, the highest first.
//
// The answers are those of search.NaiveScan, always. The package is plain logic: a scan decides which blocks are needed
// next from what is known, a Machine runs them, and Evaluator puts the two together with a memo. Where the machine is
// Workers, those that a scan leaves idle run ahead of it; the scan neither knows nor minds. Where it is a Fleet, the
// trial at hand is leased to members that have blocks of their own, and no answer depends on who is first.
//
// Why a stopped trial is decided right: let c be what its first blocks have added, and r the most that the others can.
// Counts are integers, so c + r below the smallest count that passes is a proof; that count is found once a scan, by
// the float64 comparison of the definition, and no float is compared after. Sums of floats are bounded by adding the
// most of each block left in the order in which the blocks would be added: rounding to nearest is monotone, so no sum
// that can still come is above that one (see Rule.upper and shorten). Scores that no sum makes are bounded by a Fold,
// from what each sample has come to. The best of rejected candidates is looked for like the shortest way in A*: the one
// with the highest bound goes on, until one that is finished leads.
package bounds
