package constraint

// MaxList limits the size of the lists of --start and --cost, in bytes: one line for each of 100,000 holders is below
// it. disk.Read reads them, as profiles and results: regular files only, up to the limit.
const MaxList = 32 << 20
