// Package constraint reads what the user and the hardware ask of a network's holders: pins, groups, profiles and
// lists of names. It makes the units that a search moves.
package constraint
