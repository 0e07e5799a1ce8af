// Package fleet deals the blocks of the samples to members, hands them leases, and books what they answer. It is a
// bounds.Fleet, and decides nothing: package bounds says what is leased, and when a lease ends.
//
// A Member holds blocks of its own and runs leases on them. One of this process is a Local, over an Engine with a
// device; no memory is shared with the Fleet, so one elsewhere is the same interface. A member that is lost leaves its
// blocks to the others, and one that the others wait for some of them.
package fleet
