// Package settings reads what flags are set to from a file: YAML that a user writes, or the result.json of a search.
package settings
