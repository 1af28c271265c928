"""The virtual clinic: a site file as namespaces, cables and processes on one machine.

For demos, tests, training and rehearsals before a visit. May live in this package: everything that only the lab needs.
May not: anything the appliance runs in a real clinic; no other package of ours may need the lab to work.
"""
