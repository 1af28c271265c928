"""Block lists: text in the formats publishers use -> a compact structure that answers "listed, and on which line?".

    lines -> detect the format -> each line a rule or a counted, sampled reject -> compile

May live here: line formats, rejects, the compiled structure. May not: files, downloads, deciding what a hit means.
"""

from filters.lists.compiled import CompiledList, ListRefusedError, compile_list, suffix_keys
from filters.lists.formats import Format, Reject

__all__ = ["CompiledList", "Format", "ListRefusedError", "Reject", "compile_list", "suffix_keys"]
