"""Block lists and address lists kept fresh: fetched or carried in, judged, put in place whole, never half.

    due? -> fetch (HTTPS, resumed) -> sums and signature -> unpack, bounded -> read in a confined process
         -> judge against the last good version -> rename into place -> the resolver or the enforcer takes it over

A version that is doubtful is held back with its reason, and the last good one goes on.

May live here: that way of a list. May not: line formats (filters.lists), the kernel's sets (gateway.enforcer.feeds),
what a list means for a client (filters.dns_policy).
"""
