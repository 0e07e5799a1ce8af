// Package report turns run folders into one HTML page for people to read: no network, no other file, light and dark,
// on a screen, on paper and by a screen reader. It reads result.json and curve.csv as they are written to disk, so that
// a folder that is unfinished, damaged or of another version shows what can be shown, and names the rest. It computes
// no results: Read takes what is there, Write and WriteFile make the page.
package report
