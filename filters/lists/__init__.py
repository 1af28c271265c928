"""Block lists: text in the formats publishers use -> one compiled file that answers "which rule, on which line?".

    lines -> detect the format -> each line a rule or a counted, sampled reject -> compile -> look up -> judge

    compiler = ListCompiler(key)                      # outside the resolver: an untrusted text is read here
    compiler.add("malware", split_lines(chunks))      # ListRefusedError: not a list
    pieces = compiler.finish().pieces                 # written to a new file that takes the old one's name
    file = ListFile(memoryview(mapped), key)          # in the resolver; ListFileError: not such a file
    found = file.find(name, Asker(qtype), file.select(("malware",)))

May live here: line formats, rejects, the compiled file, which rule wins. May not: files and maps themselves, downloads,
what a hit means for a client (dns_policy.py).
"""

from filters.lists.compiled import CompiledList, compile_list, suffix_keys
from filters.lists.compiler import Compiled, ListCompiler
from filters.lists.conditions import Asker
from filters.lists.judge import Match
from filters.lists.layout import ListFileError
from filters.lists.listfile import Finding, ListFile
from filters.lists.reading import split_lines
from filters.lists.report import ListReport, RejectedLine
from filters.lists.rules import REJECT_WORDS, Format, ListRefusedError, Reject

__all__ = [
    "REJECT_WORDS",
    "Asker",
    "Compiled",
    "CompiledList",
    "Finding",
    "Format",
    "ListCompiler",
    "ListFile",
    "ListFileError",
    "ListRefusedError",
    "ListReport",
    "Match",
    "Reject",
    "RejectedLine",
    "compile_list",
    "split_lines",
    "suffix_keys",
]
