"""The licences of Go and of every module that is compiled into the program: licences.py FOLDER writes them, a folder for each."""
import os
import subprocess
import sys

NAMES = ("LICENSE", "LICENCE", "UNLICENSE", "COPYING", "NOTICE", "PATENTS")


def licences():
    """Yield the path and the text of each."""
    listed = subprocess.run(["go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}", "./cli/demote"],
                            check=True, capture_output=True, text=True).stdout
    roots = {"go": subprocess.run(["go", "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip()}
    for line in listed.splitlines():
        if line.strip():
            module, version, folder = line.split(" ", 2)
            roots[module.replace("/", "_") + "_" + version] = folder
    for name, folder in sorted(roots.items()):
        found = sorted(f for f in os.listdir(folder) if f.upper().startswith(NAMES) and not os.path.isdir(os.path.join(folder, f)))
        if not found:
            sys.exit("licences: %s has none in %s" % (name, folder))
        for f in found:
            with open(os.path.join(folder, f), encoding="utf-8") as text:
                yield "%s/%s" % (name, f), text.read()


def main():
    for path, text in licences():
        path = os.path.join(sys.argv[1], path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main()
