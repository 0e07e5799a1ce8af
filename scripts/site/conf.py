"""How Sphinx makes the site from the pages that stage.py has put together: no fonts, scripts or pictures of other hosts."""

project = "demote"
html_title = "demote"
author = ""
copyright = ""  # the licence is the owner's to choose

extensions = ["myst_parser"]
# Anchors of headings as GitHub makes them: a link to one that is not there is a warning, and warnings end the build.
myst_heading_anchors = 6
# Code without a language, such as what a terminal shows.
highlight_language = "none"
# Links to files of the tree that are no pages lead to copies of them.
exclude_patterns = ["_*"]

html_theme = "furo"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
# The summary of a found page is fetched, which a browser refuses to a page that was opened as a file.
html_show_search_summary = False
