package sites_test

import (
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

// ways out of a network: what stands between the last tensor that computes and the output y.
var ways = []struct{ name, text string }{
	{"a Reshape", "y = Reshape(b, sh)"},
	{"a Transpose", "y = Transpose(b)"},
	{"a Flatten", "y = Flatten(b)"},
	{"a Squeeze", "y = Squeeze(b, ax)"},
	{"an Unsqueeze", "y = Unsqueeze(b, ax)"},
	{"an Identity", "y = Identity(b)"},
	{"a Dropout", "y, m = Dropout(b)"},
	{"a Slice", "y = Slice(b, ax, sh)"},
	{"a Gather of places", "y = Gather(b, ax)"},
	{"an Expand", "y = Expand(b, sh)"},
	{"a Pad with zeros", "y = Pad(b, sh)"},
	{"a DepthToSpace", "y = DepthToSpace(b) blocksize=2"},
	{"a Resize to the nearest", "const s4 [2] = 1 2\n y = Resize(b, , s4) mode=nearest"},
	{"a Cast to double", "y = Cast(b) to=11"},
	{"a Cast to float16", "y = Cast(b) to=10"},
	{"several", "c = Transpose(b)\n d = Reshape(c, sh)\n e = Identity(d)\n y = Squeeze(e, ax)"},
	{"a Split, of which one part goes on nowhere", "y, c = Split(b) axis=0 num_outputs=2"},
}

// TestHoldersOfMovedOutputs holds that what is an output, but for its place and shape, has no holder, unless it is
// asked for.
func TestHoldersOfMovedOutputs(t *testing.T) {
	const head = "input x" + conv + "const sh int64 [2] = 2 2\n const ax int64 [1] = 0\n a = Conv(x, w)\n "
	for _, w := range ways {
		for _, end := range []string{"b = Conv(a, w)\n ", "b = Softmax(a)\n "} {
			text := head + end + w.text + "\n return y"
			if got, reasons := holderNames(t, onnxtest.FromText(t, text), network.Options{}); got != "x a" {
				t.Errorf("%s: holders %q, want x a; reasons %q", w.name, got, reasons)
			}
			if got, reasons := holderNames(t, onnxtest.FromText(t, text), network.Options{OutputHolder: true}); got != "x a b" {
				t.Errorf("%s, with output holders: holders %q, want x a b; reasons %q", w.name, got, reasons)
			}
		}
	}
	testSentences(t, []sentence{{
		name: "an activation in front of a Reshape",
		text: head + "b = Relu(a)\n y = Reshape(b, sh)\n return y",
		want: "x",
		why:  map[string]string{"b": "output of the network, where it has another shape"},
	}, {
		name: "the tensor and its Reshape are both outputs",
		text: head + "b = Neg(a)\n y = Reshape(b, sh)\n return y b",
		want: "x a",
	}, {
		name: "two ways out, one with a Transpose more",
		text: head + "b = Neg(a)\n y = Reshape(b, sh)\n z = Transpose(y)\n return y z",
		want: "x a",
	}, {
		name: "something computes with it too",
		text: head + "b = Neg(a)\n y = Reshape(b, sh)\n z = Exp(b)\n return y z",
		want: "x a b",
	}, {
		name: "something computes with the reshaped one too",
		text: head + "b = Neg(a)\n y = Reshape(b, sh)\n z = Exp(y)\n return y z",
		want: "x a b",
	}, {
		name: "something that no output needs computes with it",
		text: head + "b = Neg(a)\n y = Reshape(b, sh)\n z = Exp(y)\n return y",
		want: "x a",
	}, {
		name: "its shape is read",
		text: head + "b = Neg(a)\n s = Shape(b)\n y = Reshape(b, s)\n return y",
		want: "x a",
	}, {
		name: "a maximum behind it compares",
		text: head + "b = Neg(a)\n c = ReduceMax(b)\n y = Reshape(c, sh)\n return y",
		want: "x a b",
	}, {
		name: "places that it tells are computed with, and are numbers",
		text: head + "b = Neg(a)\n i = Cast(b) to=7\n c = Gather(a, i)\n y = Reshape(c, sh)\n return y",
		want: "x a",
	}, {
		name: "a Concat joins outputs, which keep their holders",
		text: head + "b = Neg(a)\n c = Exp(a)\n y = Concat(b, c) axis=0\n z = Reshape(y, sh)\n return z",
		want: "x a b c",
	}, {
		name: "an input that is an output in another shape",
		text: head + "b = Neg(a)\n y = Reshape(x, sh)\n return y b",
		want: "x a",
	}}, network.Options{})
}
