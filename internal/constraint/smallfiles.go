package constraint

// MaxList bounds the lists that flags name, --start and --cost, in bytes: a line for each of 100,000 holders stays
// below it. Like profiles and results they are read by disk.Read: regular files only, never beyond the limit.
const MaxList = 32 << 20
