package trial

// EveryCut is for the tests beside the package.
var EveryCut = everyCut
