package onnx

import (
	"math/rand/v2"

	"example.org/demote/onnx/onnxpb"
)

// DamageQuantizers changes a quantized model in one to three places around its quantizers, for tests outside the
// package.
func DamageQuantizers(r *rand.Rand, p *onnxpb.ModelProto) []string {
	var did []string
	for range 1 + r.IntN(3) {
		m := pick(r, quantizedMutations)
		m.do(r, p)
		did = append(did, m.name)
	}
	return did
}
