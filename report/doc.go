// Package report makes one HTML page from one or several run folders. The page needs no network and no other file, is
// light or dark, prints well and works with a screen reader. The package reads result.json and curve.csv from disk. Of
// a folder that is unfinished, damaged or of another version, the page shows what can be read, and names the rest. Read
// reads a folder, HTML and Write make the page; the package computes no results.
package report
