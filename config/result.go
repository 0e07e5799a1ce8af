package config

import (
	"example.org/demote/result"
)

// A Result is what result.json holds; its config is what the command line said, defaults filled in.
type Result = result.Result[Config]
