"""Everything in one folder, each result beside what the ledger says it has to be.

``expected``: what the ledger decided, stored. ``expectations``: how one result is held against it.
``steps``: the table of commands. ``running``: runs them, keeps what is done. ``child``: one of
them, in a process of its own. ``manifest``: what came out, as a file; ``pages``: as Markdown.
"""
