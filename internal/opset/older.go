package opset

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"example.org/demote/internal/float16"
	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// oldest is the operator set from which on the table operators has the changes. Networks of older ones are raised
// to it first, by the table olderOperators.
const oldest = 13

// olderOperators are the operators of the standard domain that operator sets 8 to 13 brought or changed. It follows
// the schemas of the Python package onnx: testdata/opset_older.txt, which a test compares. Only rules to raise are
// needed.
var olderOperators = map[string]history{
	"Abs":                       {13: same},
	"Acosh":                     {9: same},
	"Add":                       {13: same},
	"ArgMax":                    {11: same, 12: same, 13: same},
	"ArgMin":                    {11: same, 12: same, 13: same},
	"Asinh":                     {9: same},
	"Atanh":                     {9: same},
	"AveragePool":               {10: same, 11: same},
	"BatchNormalization":        {9: {up: spatialOnly}},
	"BitShift":                  {11: same},
	"Cast":                      {9: same, 13: same},
	"Ceil":                      {13: same},
	"Celu":                      {12: same},
	"Clip":                      {11: {up: clipLimits}, 12: same, 13: same},
	"Compress":                  {9: same, 11: same},
	"Concat":                    {11: same, 13: same},
	"ConcatFromSequence":        {11: same},
	"Constant":                  {9: same, 11: same, 12: same, 13: same},
	"ConstantOfShape":           {9: same},
	"Conv":                      {11: same},
	"ConvInteger":               {10: same},
	"ConvTranspose":             {11: same},
	"Cosh":                      {9: same},
	"CumSum":                    {11: same},
	"DepthToSpace":              {11: same, 13: same},
	"DequantizeLinear":          {10: same, 13: same},
	"Det":                       {11: same},
	"Div":                       {13: same},
	"Dropout":                   {10: {up: dropoutMask}, 12: {up: dropoutRatio}, 13: same},
	"DynamicQuantizeLinear":     {11: same},
	"Einsum":                    {12: same},
	"Equal":                     {11: same, 13: same},
	"Erf":                       {9: same, 13: same},
	"Exp":                       {13: same},
	"Expand":                    {8: same, 13: same},
	"EyeLike":                   {9: same},
	"Flatten":                   {9: same, 11: same, 13: same},
	"Floor":                     {13: same},
	"Gather":                    {11: same, 13: same},
	"GatherElements":            {11: same, 13: same},
	"GatherND":                  {11: same, 12: same, 13: same},
	"Gemm":                      {9: same, 11: same, 13: same},
	"Greater":                   {9: same, 13: same},
	"GreaterOrEqual":            {12: same},
	"Hardmax":                   {11: same, 13: {up: flattenedAxis}},
	"Identity":                  {13: same},
	"If":                        {11: same, 13: same},
	"IsInf":                     {10: same},
	"IsNaN":                     {9: same, 13: same},
	"LRN":                       {13: same},
	"Less":                      {9: same, 13: same},
	"LessOrEqual":               {12: same},
	"Log":                       {13: same},
	"LogSoftmax":                {11: same, 13: {up: flattenedAxis}},
	"Loop":                      {11: same, 13: same},
	"LpPool":                    {11: same},
	"MatMul":                    {9: same, 13: same},
	"MatMulInteger":             {10: same},
	"Max":                       {8: same, 12: same, 13: same},
	"MaxPool":                   {8: same, 10: same, 11: same, 12: same},
	"MaxUnpool":                 {9: same, 11: same},
	"Mean":                      {8: same, 13: same},
	"MeanVarianceNormalization": {9: same, 13: same},
	"Min":                       {8: same, 12: same, 13: same},
	"Mod":                       {10: same, 13: same},
	"Mul":                       {13: same},
	"Neg":                       {13: same},
	"NegativeLogLikelihoodLoss": {12: same, 13: same},
	"NonMaxSuppression":         {10: same, 11: same},
	"NonZero":                   {9: same, 13: same},
	"OneHot":                    {9: same, 11: same},
	"PRelu":                     {9: same},
	"Pad":                       {11: {up: padAmounts}, 13: same},
	"Pow":                       {12: same, 13: same},
	"QLinearConv":               {10: same},
	"QLinearMatMul":             {10: same},
	"QuantizeLinear":            {10: same, 13: same},
	"Range":                     {11: same},
	"Reciprocal":                {13: same},
	"ReduceL1":                  {11: same, 13: same},
	"ReduceL2":                  {11: same, 13: same},
	"ReduceLogSum":              {11: same, 13: same},
	"ReduceLogSumExp":           {11: same, 13: same},
	"ReduceMax":                 {11: same, 12: same, 13: same},
	"ReduceMean":                {11: same, 13: same},
	"ReduceMin":                 {11: same, 12: same, 13: same},
	"ReduceProd":                {11: same, 13: same},
	"ReduceSum":                 {11: same, 13: {up: listInput("axes", 1)}},
	"ReduceSumSquare":           {11: same, 13: same},
	"Relu":                      {13: same},
	"Reshape":                   {13: same},
	"Resize":                    {10: same, 11: {up: resizeCorners}, 13: {up: not("coordinate_transformation_mode", "tf_half_pixel_for_nn")}},
	"ReverseSequence":           {10: same},
	"RoiAlign":                  {10: same},
	"Round":                     {11: same},
	"Scan":                      {8: same, 9: {up: refuse("Scan of opset 8 has a batch axis of its own: export with opset_version=17")}, 11: same},
	"Scatter":                   {9: same, 11: {up: rename("ScatterElements")}},
	"ScatterElements":           {11: same, 13: same},
	"ScatterND":                 {11: same, 13: same},
	"SequenceAt":                {11: same},
	"SequenceConstruct":         {11: same},
	"SequenceEmpty":             {11: same},
	"SequenceErase":             {11: same},
	"SequenceInsert":            {11: same},
	"SequenceLength":            {11: same},
	"Shape":                     {13: same},
	"Shrink":                    {9: same},
	"Sigmoid":                   {13: same},
	"Sign":                      {9: same, 13: same},
	"Sinh":                      {9: same},
	"Size":                      {13: same},
	"Slice":                     {10: {up: sliceInputs}, 11: same, 13: same},
	"Softmax":                   {11: same, 13: {up: flattenedAxis}},
	"SoftmaxCrossEntropyLoss":   {12: same, 13: same},
	"SpaceToDepth":              {13: same},
	"Split":                     {11: same, 13: {up: listInput("split", 1)}},
	"SplitToSequence":           {11: same},
	"Sqrt":                      {13: same},
	"Squeeze":                   {11: same, 13: {up: listInput("axes", 1)}},
	"StringNormalizer":          {10: same},
	"Sub":                       {13: same},
	"Sum":                       {8: same, 13: same},
	"Tanh":                      {13: same},
	"TfIdfVectorizer":           {9: same},
	"ThresholdedRelu":           {10: same},
	"Tile":                      {13: same},
	"TopK":                      {10: {up: topCount}, 11: same},
	"Transpose":                 {13: same},
	"Unique":                    {11: same},
	"Unsqueeze":                 {11: same, 13: {up: listInput("axes", 1)}},
	"Upsample":                  {9: {up: upsampleScales}, 10: {up: upsampleResize}},
	"Where":                     {9: same},
}

// rename returns a rule that gives an operator its later name.
func rename(op string) rule {
	return func(_ *converter, n ir.Node) error {
		n.OpType = ir.Str(op)
		return nil
	}
}

// spatialOnly: version 7 may normalize every value by itself, version 9 normalizes channels.
func spatialOnly(c *converter, n ir.Node) error { return only("spatial", 1)(c, n) }

// float adds a constant scalar for an operand beside the node's first, which is of the same type, and returns its
// name. Where the type is not known it is float32.
func (c *converter) float(n ir.Node, suffix string, value float32) string {
	t := ir.NewFloats("", nil, []float32{value})
	switch typ := c.types.Known(ir.Input(n, 0)); typ {
	case ir.Double:
		t = ir.NewTensor("", typ, nil, binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(value))))
	case ir.Float16:
		t = ir.NewTensor("", typ, nil, binary.LittleEndian.AppendUint16(nil, float16.Bits(float64(value))))
	}
	t.Name = nil
	out := c.add(n, "Constant", suffix, nil, &onnxpb.AttributeProto{Name: ir.Str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: t})
	c.constants[out] = t
	return out
}

// listInput returns a rule that makes a list of integers, which was an attribute, an input.
func listInput(name string, i int) rule {
	return func(c *converter, n ir.Node) error {
		a, err := known(n, name)
		if a == nil || err != nil {
			return err
		}
		ir.DropAttr(n, name)
		if len(a.GetInts()) > 0 {
			setInput(n, i, c.ints(n, name, false, a.GetInts()...))
		}
		return nil
	}
}

// clipLimits: the limits are attributes up to 10 and inputs from 11 on. A limit that every float32 keeps to is none.
func clipLimits(c *converter, n ir.Node) error {
	for i, name := range []string{"min", "max"} {
		a, err := known(n, name)
		if err != nil {
			return err
		}
		ir.DropAttr(n, name)
		if a != nil && math.Abs(float64(a.GetF())) < math.MaxFloat32 {
			setInput(n, i+1, c.float(n, name, a.GetF()))
		}
	}
	return nil
}

// padAmounts: the amounts and the value are attributes up to 10 and inputs from 11 on.
func padAmounts(c *converter, n ir.Node) error {
	value, err := known(n, "value")
	if err != nil {
		return err
	}
	if err := listInput("pads", 1)(c, n); err != nil {
		return err
	}
	if ir.Input(n, 1) == "" {
		return mistake.Errorf("it has no pads")
	}
	ir.DropAttr(n, "value")
	if value.GetF() != 0 {
		setInput(n, 2, c.float(n, "value", value.GetF()))
	}
	return nil
}

// sliceInputs: where a Slice begins and ends are attributes up to 9 and inputs from 10 on.
func sliceInputs(c *converter, n ir.Node) error {
	for i, name := range []string{"starts", "ends", "axes"} {
		if err := listInput(name, i+1)(c, n); err != nil {
			return err
		}
	}
	if ir.Input(n, 1) == "" || ir.Input(n, 2) == "" {
		return mistake.Errorf("it lacks starts or ends")
	}
	return nil
}

// topCount: how many values are wanted is an attribute up to 9 and an input from 10 on.
func topCount(c *converter, n ir.Node) error {
	k, err := known(n, "k")
	if err != nil {
		return err
	}
	if k == nil {
		return mistake.Errorf("it lacks k")
	}
	ir.DropAttr(n, "k")
	setInput(n, 1, c.ints(n, "k", false, k.GetI()))
	return nil
}

// dropoutMask: the mask of a Dropout has numbers up to 9 and booleans from 10 on. A network
// for inference does not ask.
func dropoutMask(c *converter, n ir.Node) error {
	if len(n.GetOutput()) > 1 && c.used[ir.Output(n, 1)] {
		return mistake.Errorf("its mask is used: export the model for inference")
	}
	n.Output = n.Output[:min(1, len(n.Output))]
	return nil
}

// dropoutRatio: the share of dropped values is an attribute up to 11 and an input from 12 on, where it means nothing
// outside of training.
func dropoutRatio(_ *converter, n ir.Node) error {
	_, err := known(n, "ratio")
	ir.DropAttr(n, "ratio")
	return err
}

// upsampleScales: the scales are an attribute in version 7 and an input in version 9.
func upsampleScales(c *converter, n ir.Node) error {
	a, err := known(n, "scales")
	if err != nil {
		return err
	}
	if len(a.GetFloats()) == 0 {
		return mistake.Errorf("it has no scales")
	}
	ir.DropAttr(n, "scales")
	t := ir.NewFloats("", []int64{int64(len(a.GetFloats()))}, a.GetFloats())
	t.Name = nil
	out := c.add(n, "Constant", "scales", nil, &onnxpb.AttributeProto{Name: ir.Str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: t})
	c.constants[out] = t
	setInput(n, 1, out)
	return nil
}

// upsampleResize: from 10 on Resize is in the place of Upsample; what is written is its form of version 11.
func upsampleResize(c *converter, n ir.Node) error {
	n.OpType = ir.Str("Resize")
	return resizeCorners(c, n)
}

// resizeCorners: versions before 11 map the first corner of the output to that of the input, and take the nearest
// value in front when they enlarge, behind when they reduce (ONNX Runtime's upsamplebase.h, which calls that mode
// simple).
func resizeCorners(c *converter, n ir.Node) error {
	mode, err := known(n, "mode")
	if err != nil {
		return err
	}
	scales := ir.Input(n, 1)
	setInput(n, 1, "")
	setInput(n, 2, scales)
	ir.SetAttr(n, ir.StringAttr("coordinate_transformation_mode", "asymmetric"))
	if mode != nil && string(mode.GetS()) != "nearest" {
		return nil
	}
	t := c.value(scales)
	if t == nil {
		return mistake.Errorf("its scales, %q, are not constant but %s: export with opset_version=17", scales, c.maker(scales))
	}
	factors, err := ir.Floats(t)
	if err != nil {
		return err
	}
	less := func(v float32) bool { return v < 1 }
	rounding := "floor"
	switch {
	case !slices.ContainsFunc(factors, less):
	case slices.ContainsFunc(factors, func(v float32) bool { return v > 1 }):
		return mistake.Errorf("it enlarges some axes and reduces others: export with opset_version=17")
	default:
		rounding = "ceil"
	}
	ir.SetAttr(n, ir.StringAttr("nearest_mode", rounding))
	return nil
}

// flattenedAxis: Softmax and its like work on all axes from the given one on together up to 12, 1 by default, and on
// the given one alone from 13 on. Where that is the last one both mean the same; elsewhere the axes are put together
// and taken apart.
func flattenedAxis(c *converter, n ir.Node) error {
	a, err := known(n, "axis")
	if err != nil {
		return err
	}
	axis := int64(1)
	if a != nil {
		axis = a.GetI()
	}
	x := ir.Input(n, 0)
	if rank := c.rank(x); axis == -1 || rank >= 0 && axis == int64(rank)-1 {
		ir.SetAttr(n, ir.IntAttr("axis", -1))
		return nil
	}
	shape := c.add(n, "Shape", "shape", []string{x})
	flat := c.add(n, "Flatten", "flat", []string{x}, ir.IntAttr("axis", axis))
	made := c.add(n, n.GetOpType(), fmt.Sprintf("from_%d", axis), []string{flat}, ir.IntAttr("axis", -1))
	n.OpType = ir.Str("Reshape")
	n.Attribute = nil
	n.Input = []string{made, shape}
	return nil
}
