package fold

// What the tests beside the package use of its inside.
const (
	FoldFree  = foldFree
	FoldTotal = foldTotal
)

var (
	ElemFloat = elemFloat
	IsIf      = isIf
)
