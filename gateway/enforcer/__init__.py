"""The enforcer: the only writer of kernel state, a root process behind a Unix socket.

It accepts a site file and typed commands, never nft text; it parses, compiles and checks the invariants again itself.

May live here: nftables, netlink, generations on disk, the socket server, who may command what.
May not: TCP ports, parsers of packets, DNS or web requests, policy decisions (those are values of `ruleset`).
"""
