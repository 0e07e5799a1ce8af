package constraint

import (
	"slices"

	"example.org/demote/internal/sites"
	"example.org/demote/onnx"
)

// Places has the place of each holder in the order of the network: its own index of an activation, and of weights that
// of the last activation that their layer reads, the first of their layers; with all before it a trial of theirs may go
// on from what is stored. nil: the network has no holders of weights.
func Places(n *onnx.Network) ([]int, error) {
	activations := len(n.Activations())
	if activations == len(n.Holders) {
		return nil, nil
	}
	uses, err := sites.Uses(n)
	if err != nil {
		return nil, err
	}
	last := map[string]int{} // by layer
	for _, u := range uses {
		if len(u.Reads) > 0 {
			last[u.Node] = max(last[u.Node], slices.Max(u.Reads))
		}
	}
	places := make([]int, len(n.Holders))
	for i, h := range n.Holders {
		if places[i] = i; i < activations {
			continue
		}
		places[i] = activations
		for _, layer := range h.Consumers {
			places[i] = min(places[i], last[layer])
		}
	}
	return places, nil
}
