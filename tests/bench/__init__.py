"""Benchmarks: `make bench`.

Figures are ratios against a reference of the same run. They are printed, and never part of a test that a busy machine
could fail.
"""
