package wire

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"example.org/demote/mistake"
)

// TestCheck refuses small messages that would be large or deep when they are decoded.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		err  string // "": none
	}{
		{"nested", nested(30), ""},
		{"nested without end", nested(200), "nested more than"},
		{"few messages", claims(1 << 16), ""},
		{"empty messages", claims(4 << 20), "bytes of memory"},
		{"cut off", nested(30)[:40], "truncated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check(c.data)
			if c.err == "" && err != nil || c.err != "" && (!errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// nested is a model whose node has a graph whose node has a graph and so on.
func nested(depth int) []byte {
	var data []byte
	for range depth {
		for _, field := range []protowire.Number{6, 5, 1} { // attribute.g of node.attribute of graph.node
			data = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), data)
		}
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, fieldGraph, protowire.BytesType), data)
}

// claims is a graph of n/2 empty nodes.
func claims(n int) []byte {
	data := make([]byte, 0, n)
	for len(data) < n {
		data = append(data, 1<<3|2, 0)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, fieldGraph, protowire.BytesType), data)
}
