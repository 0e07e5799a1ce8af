// Package bench measures what a trial and a search cost, in passes of the float network that are timed in the same run.
package bench
