"""The command line: `clinicgate COMMAND`, one module a group of commands.

May live here: nothing but the entry. May not: anything a program would import.
"""

from gateway.cli.main import main

__all__ = ["main"]
