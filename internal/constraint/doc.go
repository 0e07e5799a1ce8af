// Package constraint reads the user's and the hardware's constraints on the activation quantizers (holders) of a
// network: pins, groups, profiles and lists of names. From them it makes the units of a search: holders that must have
// the same bit-width.
package constraint
