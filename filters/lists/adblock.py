"""Adblock-style rules as AdGuard's DNS filtering syntax defines them: one line's rule, and a rule's canonical text.

    [@@] pattern [$modifiers]        pattern: ||name^  |name^  name  *.name  *ads*.name^  /regular expression/

`||name` without `^` is read as `||name^`, and a leading dot or `*.` as "everything below": both narrower than a
browser's reading by characters, which would take `name.other` along. Rules about parts of web pages or addresses are
rejects. Hosts lines and plain names may stand among such rules and mean that very name.

May live here: this format. May not: modifiers (modifiers.py), regular expressions (regex.py), which rule wins.
"""

import re
from dataclasses import dataclass

from filters import names
from filters.lists import modifiers, regex
from filters.lists.automaton import Automaton, Budget
from filters.lists.hosts import is_address, parse_hosts_line
from filters.lists.modifiers import Modifiers
from filters.lists.pattern import (
    ANYTHING,
    AT_END,
    AT_LABEL,
    AT_START,
    END,
    MAX_POSITIONS,
    START,
    Cat,
    Node,
    grams,
    literal,
    positions,
)  # fmt: skip
from filters.lists.rules import NOTHING, Extent, Parsed, Plain, Reject, Side, listed_name, plain

MAX_STARS = 8
MAX_BUILDING = 2000  # steps of building a pattern, some millisecond; ordinary ones take 50 to 300
_USUAL = re.compile(r"\|\|([a-z0-9._-]+)\^")
_COSMETIC = re.compile(r"#@?[?$%]{0,2}#|\$@?\$")
_REGEX = re.compile(r"/(.+)/(?:\$(.*))?", re.DOTALL)
_ENDED = re.compile(r"(?:\^[|*]?|\|)$")
_GLOB = re.compile(r"[a-z0-9_.*-]+")
_OF_ADDRESSES = re.compile(r"[/:?=&%]")
_COMMENT = re.compile(r"\s#(?![#@?$%]).*")
_SPELLING = {Extent.EXACT: "|{}^", Extent.SUBTREE: "||{}^", Extent.BELOW: "||*.{}^"}
# Names as ordinary as they come: what matches one of them by a pattern would match half of the world.
_ORDINARY = tuple(
    f"{START}{host}.{tld}{END}"
    for tld in (
        "com",
        "net",
        "org",
        "info",
        "jp",
        "co.jp",
        "fr",
        "us",
        "ca",
        "cn",
        "ru",
        "de",
        "eu",
        "co.uk",
        "io",
        "br",
    )
    for host in ("clinic", "www.pharmacy-24", "a.b.m7x2kq")
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which names a rule is for: `name` and `extent`, or a tree in `node`. `spelling` is canonical."""

    spelling: str
    name: names.Name | None = None
    extent: Extent = Extent.EXACT
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule whole."""

    pattern: Pattern
    allow: bool
    modifiers: Modifiers

    @property
    def effect(self) -> str:
        """The canonical text without `badfilter`: equal for a rule and for what switches it off."""
        return text_of(self.pattern.spelling, self.modifiers.words, allow=self.allow)

    @property
    def text(self) -> str:
        """The canonical text: `read` makes an equal rule of it."""
        words = (*self.modifiers.words, *(("badfilter",) if self.modifiers.badfilter else ()))
        return text_of(self.pattern.spelling, words, allow=self.allow)

    def plain(self) -> Plain | None:
        """The rule as a look-up can hold it; None when it is a pattern or has conditions."""
        if self.pattern.name is None or self.modifiers.badfilter or self.modifiers.words not in ((), ("important",)):
            return None
        return Plain(self.pattern.name, self.pattern.extent, self.allow, self.modifiers.important)


def parse_line(line: str) -> Parsed:
    """A line of a list in this format. What is too wide for any clinic is a reject, `allow` or not."""
    text = line.strip()
    if usual := _USUAL.fullmatch(text):
        return plain(usual[1], Extent.SUBTREE)
    if not text or text[0] == "!" or (text[0] == "[" and text[-1] == "]") or _is_comment(text):
        return NOTHING
    if text[0].isalnum() or text[0] == ":":
        words = _COMMENT.sub("", text).split()
        if len(words) > 1 and is_address(words[0]):
            return parse_hosts_line(text)
    rule = read(_COMMENT.sub("", text) if text[0] != "/" else text)
    if isinstance(rule, Reject):
        return rule
    if whole := rule.plain():
        return [whole]
    node = rule.pattern.node
    if node is None:
        return [Side(rule.text, rule.pattern.name)]
    automaton = Automaton(node)
    if automaton.steps > MAX_BUILDING:
        return Reject.REGEX_SIZE
    return Reject.TOO_WIDE if _too_wide(automaton) else [Side(rule.text, None, grams(node))]


def read(text: str) -> Rule | Reject:
    """One rule, also in its canonical form; without the check that a pattern is not too wide."""
    if _COSMETIC.search(text) and text[:1] != "/":
        return Reject.COSMETIC
    allow = text.startswith("@@")
    body = text[2:] if allow else text
    expression = _REGEX.fullmatch(body)
    if expression:
        pattern, told = _expression(expression[1]), expression[2]
    else:
        before, dollar, behind = body.partition("$")
        pattern, told = _mask(before.strip()), behind if dollar else None
    if isinstance(pattern, Reject):
        return pattern
    found = modifiers.NONE if told is None else modifiers.read(told, allow=allow)
    return found if isinstance(found, Reject) else Rule(pattern, allow, found)


def plain_text(rule: Plain) -> str:
    """The canonical text of a rule for a name."""
    spelling = _SPELLING[rule.extent].format(names.to_text(rule.name))
    return text_of(spelling, ("important",) if rule.important else (), allow=rule.allow)


def text_of(pattern: str, words: tuple[str, ...], *, allow: bool) -> str:
    return f"{'@@' if allow else ''}{pattern}{'$' if words else ''}{','.join(words)}"


def _is_comment(text: str) -> bool:
    """`#` begins a comment, `##.banner` and its kin do not."""
    return text[0] == "#" and (_COSMETIC.match(text) is None or not text.lstrip("#")[:1].strip())


def _expression(text: str) -> Pattern | Reject:
    try:
        return Pattern(f"/{text}/", node=regex.read(text))
    except regex.RegexError as error:
        return error.reason


def _mask(text: str) -> Pattern | Reject:
    """A pattern of names and stars between its anchors."""
    body = text.lower()
    start = "||" if body.startswith("||") else body[:1] if body[:1] == "|" else ""
    body = body.removeprefix(start)
    core = _ENDED.sub("", body)
    ended = core != body
    if _OF_ADDRESSES.search(core):
        return Reject.URL
    if not core.strip("*."):
        return Reject.TOO_WIDE
    if core.startswith((".", "*.")) and "*" not in core[1:]:
        return _named(core.removeprefix("*").removeprefix("."), Extent.BELOW)
    if "*" in core or (start == "|" and not ended) or (not start and ended):
        return _glob(start, core, ended=ended)
    return _named(core, Extent.SUBTREE if start == "||" else Extent.EXACT)


def _named(host: str, extent: Extent) -> Pattern | Reject:
    name = listed_name(host)
    if isinstance(name, Reject):
        return name
    return Pattern(_SPELLING[extent].format(names.to_text(name)), name, extent)


def _glob(start: str, core: str, *, ended: bool) -> Pattern | Reject:
    core = re.sub(r"\*+", "*", core)
    if _GLOB.fullmatch(core) is None:
        return Reject.NOT_A_NAME
    body = core.strip("*")
    if core.startswith("*"):
        start = ""
    if core.endswith("*"):
        ended = False
    pieces = body.split("*")
    if len(pieces) > MAX_STARS:
        return Reject.REGEX_SIZE
    parts: list[Node] = [*({"||": (AT_LABEL,), "|": (AT_START,), "": ()}[start])]
    for at, piece in enumerate(pieces):
        parts += [ANYTHING, literal(piece)] if at else [literal(piece)]
    node = Cat((*parts, AT_END) if ended else tuple(parts))
    if positions(node) > MAX_POSITIONS:
        return Reject.REGEX_SIZE
    return Pattern(f"{start}{body}{'^' if ended else '*'}", node=node)


def _too_wide(automaton: Automaton) -> bool:
    budget = Budget(1 << 20)
    return any(automaton.search(host, budget) for host in _ORDINARY)
