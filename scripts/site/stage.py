"""Copy README.md and all that its links lead to into a folder, at the same places, for the generator of the site:
stage.py FOLDER.

Links need no rewriting, since every page keeps its place; README.md becomes index.md, with the contents of the site behind it.
A page in docs/ that no link leads to is an error, and so is a link that leads to no file."""
import os
import re
import shutil
import sys

CONTENTS = os.path.join(os.path.dirname(__file__), "contents.md")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)|<img [^>]*src=\"([^\"]+)\"")


def linked(page):
    """Return the files that a page of the tree links to or shows."""
    with open(page, encoding="utf-8") as f:
        found = [a or b for a, b in LINK.findall(f.read())]
    return [os.path.normpath(os.path.join(os.path.dirname(page), name)) for name in found if "://" not in name and not name.startswith("mailto:")]


def reach(first):
    """Return the files that links lead to from a page, in the order in which they are met, and the links that lead nowhere."""
    files, lost = [first], []
    for name in files:
        if not name.endswith(".md"):
            continue
        for to in linked(name):
            if not os.path.isfile(to):
                lost.append("%s links to %s, which is no file" % (name, to))
            elif to not in files:
                files.append(to)
    return files, lost


def pages(folder):
    """Return the Markdown files below a folder."""
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith(".md"))


def main():
    """Stage the pages, or say what is wrong with their links and end with exit code 1."""
    to = sys.argv[1]
    files, wrong = reach("README.md")
    wrong += ["no page links to %s" % name for name in pages("docs") if name not in files]
    if wrong:
        sys.exit("\n".join("site: " + line for line in wrong))
    shutil.rmtree(to, ignore_errors=True)
    for name in files:
        os.makedirs(os.path.join(to, os.path.dirname(name)), exist_ok=True)
        shutil.copyfile(name, os.path.join(to, name))
    with open(os.path.join(to, "index.md"), "w", encoding="utf-8") as index:
        for part in (os.path.join(to, "README.md"), CONTENTS):
            with open(part, encoding="utf-8") as f:
                index.write(f.read())
    os.remove(os.path.join(to, "README.md"))
    print("site: %d pages and %d other files" % (len([f for f in files if f.endswith(".md")]), len([f for f in files if not f.endswith(".md")])))


if __name__ == "__main__":
    main()
