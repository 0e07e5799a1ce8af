package onnx

// boxes are operators with a state of their own, which no holder can reach.
var boxes = map[string]bool{"LSTM": true, "GRU": true, "RNN": true}

// notice says what a node hides: the tensors in the bodies of If, Loop and Scan, and the states of recurrent operators.
func (f *finder) notice(n node) {
	if boxes[n.GetOpType()] && standard(n) {
		f.omitted = append(f.omitted, Omitted{
			Producer: label(n), Op: n.GetOpType(),
			Reason: "inside " + nodeName(n) + ", which is one black box: its gates and states stay float, only its outputs are quantized; --unroll opens it",
		})
	}
	for _, body := range subgraphs(n) {
		f.noticeBody(body, nodeName(n))
	}
}

// noticeBody lists what the nodes of a body make. Which of these tensors are float is known where the file declares it or
// the operator has but one type; the others are listed too.
func (f *finder) noticeBody(body graph, owner string) {
	declared := make(map[string]DType)
	for _, v := range body.GetValueInfo() {
		declared[v.GetName()] = valueOf(v).Type
	}
	for _, v := range body.GetOutput() {
		declared[v.GetName()] = valueOf(v).Type
	}
	for _, n := range body.GetNode() {
		typ := fixedTypes[n.GetOpType()]
		for _, t := range n.GetOutput() {
			if d := declared[t]; d != Undefined {
				typ = d
			}
			if t == "" || typ != Undefined && typ != Float || n.GetOpType() == "Constant" {
				continue
			}
			f.omit(t, n, "inside the body of "+owner+": bodies stay float")
		}
		for _, inner := range subgraphs(n) {
			f.noticeBody(inner, owner)
		}
	}
}
