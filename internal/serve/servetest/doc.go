// Package servetest makes a test binary a metric server that judges by top-1, and can go wrong in every way there is.
package servetest
