"""The watcher: what was refused (NFLOG) and what was blocked (DNS) becomes events in the store.

It holds no right but the descriptors it was handed: the enforcer opens the NFLOG socket and passes it on. It waits for
nobody: a missing enforcer or resolver is asked again later, with a bounded back-off.

May live here: reading those descriptors, naming who and where by the applied site, counting losses, writing the store.
May not: nft, netlink configuration, any decision about what is allowed.
"""
