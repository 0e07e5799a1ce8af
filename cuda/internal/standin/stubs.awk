# Reads the undefined symbols of the provider (nm -D) and writes C for those of one library, -v library=libcublas.so.12: a function that
# makes something hands out a handle, every other one answers success. Weak, so that a body elsewhere takes its place.
BEGIN { print "static char handle[64];" }
{
	n = split($NF, part, "@")
	if (n < 2 || part[n] != library) next
	name = part[1]
	if (name ~ /Name$|String$/) printf "__attribute__((weak)) const char *%s(int code) { return (void)code, \"stand-in error\"; }\n", name
	else if (name ~ /GetVersion$/) printf "__attribute__((weak)) unsigned long %s(void) { return 90800; }\n", name
	else if (name ~ /Create/) printf "__attribute__((weak)) int %s(void **out) { return *out = handle, 0; }\n", name
	else printf "__attribute__((weak)) int %s(void) { return 0; }\n", name
}
