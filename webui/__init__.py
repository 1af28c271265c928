"""The pages and the local API for the people of the clinic.

Server-rendered, without assets from outside. It reads the event store read-only, and asks the enforcer
through `gateway.client` with the acting person's name on every command.

May live here: routes, forms, templates, translations, the shape of a page.
May not: nft, netlink, SQL of its own, `gateway.enforcer`, or a decision about policy.
"""
