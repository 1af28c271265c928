"""From bytes to plain values with places: YAML, read strictly and with bounds.

May live here: decoding, the YAML 1.2 core scalars, duplicate keys, limits against hostile files. May not: any
knowledge of what a site file means (model.py).

Built on PyYAML's event stream instead of its loader, for three reasons: every value keeps its line and column; scalars
follow the YAML 1.2 core schema, so that `no` is a word and an unquoted MAC is not a base-60 number as in YAML 1.1;
and depth, size and alias expansion are bounded before anything is built.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from ruleset.problems import START, Mark, Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 24
MAX_NODES = 100_000
MAX_PROBLEMS = 200

Path = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}


@dataclass(slots=True)
class Document:
    """`data` holds str, int, float, bool, None, list and dict; `values` and `keys` say where each path stands."""

    file: str
    data: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> Mark:
        """The mark of `path`, or of the closest ancestor that has one."""
        while path:
            mark = self.keys.get(path) or self.values.get(path)
            if mark:
                return mark
            path = path[:-1]
        return START

    def value_place(self, path: Path) -> Mark:
        """The mark of the value itself rather than of its key."""
        return self.values.get(path) or self.place(path)

    def report(self, mark: Mark, code: str, what: str, hint: str = "") -> None:
        """Adds one error, up to a bound: a file that is wrong everywhere need not be quoted whole."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self.file, mark, code, what, hint))


class _Refused(Exception):
    """The document cannot be read on; the problem is already reported."""


def read_document(data: bytes, file: str) -> Document:
    """Reads one YAML document. Never raises for any input: what is wrong is in `.problems`."""
    document = Document(file)
    text = _decode(data, document)
    if text is None:
        return document
    try:
        _Builder(document).build(text)
    except _Refused:
        document.data = None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = "YAML: " + " ".join(str(part) for part in (error.context, error.problem) if part)
        document.report(_mark(mark), "yaml", what, "check indentation, quotes and colons near this place")
        document.data = None
    except yaml.YAMLError as error:
        document.report(START, "yaml", f"YAML: {error}", "the file holds characters that YAML does not allow")
        document.data = None
    return document


def _decode(data: bytes, document: Document) -> str | None:
    if len(data) > MAX_BYTES:
        document.report(
            START,
            "too-big",
            f"the file has {len(data)} bytes, more than {MAX_BYTES} (1 MiB)",
            "a clinic needs a few hundred lines; keep lists in files of their own",
        )
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        document.report(
            Mark(line, column), "not-utf8", f"byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8"
        )
        return None
    for number, line_text in enumerate(text.split("\n"), 1):
        bad = next((i for i, c in enumerate(line_text) if c < " " and c not in "\t\r"), None)
        if bad is not None:
            document.report(
                Mark(number, bad + 1),
                "control-character",
                f"control character U+{ord(line_text[bad]):04X}",
                "delete it",
            )
            return None
    return text


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else START


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being filled."""

    container: Any
    path: Path
    mark: Mark
    anchor: str | None
    nodes_before: int
    key: str | None = None
    key_mark: Mark = START
    skip_value: bool = False


class _Builder:
    """Fills a Document from YAML events, without recursion: depth is a number, not a stack overflow."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []
        self.nodes = 0
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.documents = 0

    def build(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        for event in yaml.parse(text, Loader=loader):
            mark = _mark(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                self._document(mark)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event, mark)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event, mark)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._open(event, mark)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._close()

    def _refuse(self, mark: Mark, code: str, what: str, hint: str) -> None:
        self.document.report(mark, code, what, hint)
        raise _Refused

    def _document(self, mark: Mark) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(mark, "many-documents", "a second YAML document starts here", "one file holds one document")

    def _count(self, mark: Mark, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self._refuse(
                mark,
                "too-many-values",
                f"more than {MAX_NODES} values, aliases expanded",
                "write the values out, or fewer of them",
            )

    def _open(self, event: Any, mark: Mark) -> None:
        self._count(mark)
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(mark, "too-deep", f"nested deeper than {MAX_DEPTH} levels", "no part of the file needs that")
        if self._wants_key():
            self._refuse(mark, "key-type", "a list or mapping cannot be a key", "keys are plain words")
        self._check_tag(event, mark)
        container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._path()
        self.stack.append(_Open(container, path, mark, event.anchor, self.nodes))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.container, self.nodes - done.nodes_before + 1)
        self._put(done.container, done.mark)

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        self._count(mark)
        if self._wants_key():
            self._key(event.value, mark)
            return
        self._check_tag(event, mark)
        plain = event.style is None or event.style == ""
        value = _plain(event.value) if plain and event.tag is None else event.value
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._put(value, mark)

    def _alias(self, event: yaml.AliasEvent, mark: Mark) -> None:
        if event.anchor is None or event.anchor not in self.anchors:
            self._refuse(
                mark,
                "alias",
                f"alias *{event.anchor} stands for nothing that is complete here",
                f"define &{event.anchor} earlier, outside of itself",
            )
        value, nodes = self.anchors[str(event.anchor)]
        self._count(mark, nodes)
        if self._wants_key():
            self._refuse(mark, "key-type", "an alias cannot be a key", "write the key out")
        self._put(value, mark)

    def _check_tag(self, event: Any, mark: Mark) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._refuse(mark, "tag", f"YAML tag {event.tag!r} is not allowed", "delete the tag")

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].container, dict) and self.stack[-1].key is None

    def _path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.path, top.key if isinstance(top.container, dict) else len(top.container))  # type: ignore[arg-type]

    def _key(self, key: str, mark: Mark) -> None:
        top = self.stack[-1]
        top.key, top.key_mark, top.skip_value = key, mark, False
        path = (*top.path, key)
        if key in top.container:
            first = self.document.keys[path]
            self.document.report(
                mark,
                "duplicate-key",
                f"{key!r} is already given at line {first.line}",
                "delete one of the two, or rename it",
            )
            top.skip_value = True
        else:
            self.document.keys[path] = mark

    def _put(self, value: Any, mark: Mark) -> None:
        path = self._path()
        if not self.stack:
            self.document.data = value
            self.document.values[path] = mark
            return
        top = self.stack[-1]
        if isinstance(top.container, list):
            self.document.values[path] = mark
            top.container.append(value)
            return
        assert top.key is not None
        if not top.skip_value:
            self.document.values[path] = mark
            top.container[top.key] = value
        top.key = None


def _plain(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema (yaml.org, section 10.3.2), without octal and hex."""
    if text.lower() in _WORDS and text in (text.lower(), text.upper(), text.capitalize()):
        return _WORDS[text.lower()]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
