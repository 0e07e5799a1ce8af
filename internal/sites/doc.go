// Package sites finds the activation quantizers (holders) of a float network. For each holder it finds the fused
// pattern to which it belongs, the nodes that read it, their multiply-accumulates, and the fill values in it.
package sites
