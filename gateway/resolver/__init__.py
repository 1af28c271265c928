"""The resolver: the sockets, threads and files around `filters.dns_session`, which decides everything.

    udp, tcp -> Session -> upstream, pins, reports
       ^ fast path: filters.dns_wire, asked first for every datagram

It binds port 53 (CAP_NET_BIND_SERVICE) and holds no other right; it asks the enforcer to pin addresses and never
touches the kernel's policy; nothing on the way of a question waits for a disk.

May live here: sockets, timers, threads, list files, configuration from the applied site.
May not: what a question is answered with (filters), nft, SQL.
"""
