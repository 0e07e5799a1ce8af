package stage

// StageLeast is for the tests beside the package.
const StageLeast = stageLeast
