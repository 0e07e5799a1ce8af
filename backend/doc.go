// Package backend evaluates masks on resident data: the network is compiled once, the samples
// stay in fixed blocks where the computing happens, and a trial only writes a mask.
//
// It knows nothing of strategies. What a scan answers is defined by search.NaiveScan; everything
// here that answers it faster gives the same answer.
package backend
