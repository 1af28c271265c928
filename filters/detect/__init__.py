"""Detectors: what was seen, over time, becomes a Finding. A finding is no verdict: nothing is blocked by it.

May live here: detectors with bounded tables, their thresholds and their reasons as values; `now` is an argument. May
not: sockets, the store, texts for people.
"""
