// Package trialtest compiles the task of a configuration for tests, without a run folder.
package trialtest
