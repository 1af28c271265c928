"""The block page: what a person sees who wanted to go to a name that the clinic's gateway does not answer.

    kernel: port 80 of a zone's own gateway address -> PAGE_PORT -> server -> message (HTTP) -> page (HTML)
                                                                  \\-> why (asks the resolver)

Whoever is in a zone may send anything here, guests included. So it is no part of the web application: no framework, no
routes, no cookies, nothing of the clinic but what the person needs, and bounds on everything.

May live here: that page and its server. May not: the owner's page, policy, anything that changes something.
"""
