// Package far is the side of a worker of a search on other machines: a Server holds the blocks that it is given, on a
// device of its machine, and runs leases on them. What carries its messages is up to who makes a Host.
package far
