// Package link has the words between a search and its members on other machines: what leads to a worker, what a worker
// has of who leads to it, and the messages between them. It knows no device and no network: package far is a worker's
// side, the evaluator the other one, and what carries the messages is up to who makes a Link.
package link
