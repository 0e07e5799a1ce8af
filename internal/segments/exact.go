package segments

// ExactSession are the session entries under which ONNX Runtime computes a QDQ file as it is
// written, without rewriting float weights or merging pairs of different widths.
var ExactSession = map[string]string{
	"session.disable_quant_qdq":          "1",
	"session.disable_double_qdq_remover": "1",
}
