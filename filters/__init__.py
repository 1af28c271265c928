"""Judging what is seen: DNS names and messages, packets, flows, devices, behaviour.

Every filter takes what was observed (bytes, a name, a flow) and returns a verdict or a finding as a value;
someone else acts on it. Garbage is an expected input: a filter says so and goes on.

May live here: pure functions over `ruleset` values, dnspython for names and messages, scapy in one file.
May not: sockets, clock, random, subprocess, threads, the store, `gateway`, `webui`. Tests enforce it.
"""
