"""What the clinic wants, and what the kernel must therefore do.

Reads like a sentence: `parse` a site.yaml, `resolve` it against packs and roles, `compile` it to a typed
tree, `render` the tree as nft text; `explain`, `lint`, `prove` and `plan` answer questions about it.

May live here: values, and functions from values to values. The time is an argument (`now`).
May not: sockets, clock, random, subprocess, threads, and any other package of ours. Tests enforce it.
"""
