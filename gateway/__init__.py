"""The effects: the thin rim that does what the pure packages decided.

Three of the four processes live here, each with the least rights it needs: the enforcer (the only writer of
kernel state), the resolver (port 53) and the watcher (the only writer of the event store); with them the
command line and the lab that runs a virtual clinic in network namespaces.

May live here: sockets, netlink, nftables, SQLite, processes, the clock.
May not: a decision about policy that `ruleset` or `filters` could take as a value, or an import of `webui`.
"""
