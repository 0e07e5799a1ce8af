// Package device says what a device is that searches run on, and in which words a network and its samples are told to
// it: Device, Network and Lane, the traits by which they are asked, and bases to embed that answer for what a device
// has not. Package devicetest holds a device to it.
package device
