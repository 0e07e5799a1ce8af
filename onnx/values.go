package onnx

// Values describes every tensor of the main graph that the model says something of: inputs,
// outputs and value infos.
func (m *Model) Values() []Value {
	var all []Value
	for _, v := range m.valueInfos() {
		all = append(all, valueOf(v))
	}
	return all
}

// Computed lists the tensors that the nodes of the main graph make, in computing order.
func (m *Model) Computed() []string {
	var all []string
	for _, n := range m.Graph().GetNode() {
		for _, t := range n.GetOutput() {
			if t != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

// FoldConstants computes what depends on constants and known shapes alone, and puts initializers
// in its place, and the branch that is taken in that of an If whose condition is then known. Of the tensors open, initializers are taken for values that may yet change, and others stay outputs of their nodes.
func (m *Model) FoldConstants(open ...string) error {
	if err := foldBut(m, open); err != nil {
		return err
	}
	return foldBranchesBut(m, open)
}
