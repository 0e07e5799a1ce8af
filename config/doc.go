// Package config is what a command is about: a Config, its defaults, and the choices that are refused before anything
// is read. Its fields are the flags; result.json has it under their names.
package config
