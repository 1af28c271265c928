"""The event store: one SQLite file, written by the watcher alone, read by the pages.

Theory. Everything that is tried again and again is folded into rows that grow (`batch`), so the file is bounded by
how many *different* things happen a day, and by how many days are kept; beyond the bound an "others" row keeps the
counts true. Readers run as another user and can neither write nor create the WAL's side files (`reader`).

May live here: SQLite, the schema as numbered SQL files, the bounds.
May not: queries of a page (gateway.report), sockets.
"""
