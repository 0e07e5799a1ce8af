// Package scan looks at samples once: ranges, copies, and values beyond those of other samples.
package scan
