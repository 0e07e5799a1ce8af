// Package record writes scores and grids as result.json has them, and reads them back.
package record
