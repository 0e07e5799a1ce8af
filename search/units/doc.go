// Package units has what a search moves: holders in groups that move together, holders that are pinned, and what each
// saves.
package units
