"""From the bytes of site.yaml to a Site, or to every problem at its line.

May live here: running the model over the document and spelling its complaints for people. May not: checks between
objects (check.py), defaults by role (resolve.py).
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ruleset.document import Document, Path, read_document
from ruleset.model import Site
from ruleset.problems import START, Problem

ID_FORM = "lower-case letters, digits and dashes, beginning with a letter, at most 31"


@dataclass(slots=True)
class ParseResult:
    """`site` is None when anything is wrong."""

    site: Site | None
    problems: list[Problem]
    document: Document


def parse_site(data: bytes, file: str) -> ParseResult:
    """Reads a site file. Never raises for any input."""
    document = read_document(data, file)
    problems = list(document.problems)
    if document.data is None:
        if not problems:
            problems.append(
                Problem(file, START, "empty", "the file is empty", "start from one of the shipped examples")
            )
        return ParseResult(None, problems, document)
    if not isinstance(document.data, dict):
        problems.append(Problem(file, START, "type", "a site file is a mapping of keys", "begin with `version: 1`"))
        return ParseResult(None, problems, document)
    site: Site | None = None
    try:
        site = Site.model_validate(document.data)
    except ValidationError as error:
        problems += model_problems(error, document)
    return ParseResult(None if problems else site, problems, document)


def model_problems(error: ValidationError, document: Document) -> list[Problem]:
    """The model's complaints, each once, at its place."""
    found: dict[tuple[Path, str], Problem] = {}
    for detail in error.errors(include_url=False):
        path, rest = _locate(detail["loc"], document.data)
        if _wrong_branch(detail, document.data, path):
            continue
        problem = _spell(detail, path, rest, document)
        found.setdefault((path, problem.what if detail["type"] in ("missing", "extra_forbidden") else ""), problem)
    return list(found.values())


def _locate(loc: tuple[int | str, ...], data: Any) -> tuple[Path, tuple[int | str, ...]]:
    """The longest part of pydantic's location that is in the file; union branches and `[key]` marks are not."""
    path: list[str | int] = []
    rest: list[int | str] = []
    for part in loc:
        if (isinstance(data, dict) and part in data) or (isinstance(data, list) and part in range(len(data))):
            path.append(part)
            data = data[part]  # type: ignore[index]
        else:
            rest.append(part)
    return tuple(path), tuple(rest)


def _value(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _wrong_branch(detail: ErrorDetails, data: Any, path: Path) -> bool:
    """A union tries every branch; only complaints of the branch that was meant are of use."""
    value = _value(data, path)
    branch_of_model = detail["type"] == "model_type"
    branch_of_word = detail["type"] == "literal_error" and any("literal" in str(p) for p in detail["loc"])
    if isinstance(value, dict):
        return branch_of_word
    return branch_of_model and any(str(p).startswith("Uplink") and str(p) != "Uplink" for p in detail["loc"])


def _spell(detail: ErrorDetails, path: Path, rest: tuple[int | str, ...], document: Document) -> Problem:
    name = ".".join(str(p) for p in path) or "the file"
    kind, context = detail["type"], detail.get("ctx", {})
    mark = document.value_place(path)
    if kind == "missing":
        return Problem(
            document.file,
            document.place(path),
            "missing",
            f"{name}: missing key {rest[-1]!r}",
            _describe(path, str(rest[-1])),
        )
    if kind == "extra_forbidden":
        known = sorted(_fields_at(path[:-1]))
        close = get_close_matches(str(path[-1]), known, 1)
        hint = f"did you mean {close[0]!r}?" if close else "known here: " + ", ".join(known)
        return Problem(document.file, document.place(path), "unknown-key", f"{name}: unknown key {path[-1]!r}", hint)
    if rest and rest[-1] == "[key]":
        return Problem(document.file, document.place(path), "bad-id", f"{path[-1]!r} cannot be an id", ID_FORM)
    value = _short(_value(document.data, path))
    if kind == "string_pattern_mismatch":
        return Problem(
            document.file, mark, "format", f"{name}: {value} has the wrong form", _describe(path[:-1], str(path[-1]))
        )
    if kind == "literal_error":
        return Problem(
            document.file,
            mark,
            "choice",
            f"{name}: {value} is not one of the choices",
            "choose " + str(context.get("expected", "")),
        )
    return Problem(
        document.file,
        mark,
        "type",
        f"{name}: {value}: {_in_plain_words(detail)}",
        _describe(path[:-1], str(path[-1]) if path else ""),
    )


PLAIN_WORDS = {
    "tuple_type": "must be a list: [one, two]",
    "dict_type": "must be a mapping: keys and values",
    "model_type": "must be a mapping: keys and values",
    "string_type": "must be text: put it in quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false",
}


def _in_plain_words(detail: ErrorDetails) -> str:
    """The complaint without words that only a programmer knows."""
    return PLAIN_WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))


def _short(value: Any) -> str:
    text = (
        repr(value) if not isinstance(value, (dict, list)) else ("a mapping" if isinstance(value, dict) else "a list")
    )
    return text if len(text) <= 60 else text[:57] + "..."


def _model_at(path: Path) -> type[BaseModel] | None:
    """The model that describes the mapping at `path`; None below free-form places."""
    model: type[BaseModel] = Site
    parts = list(path)
    while parts:
        part = parts.pop(0)
        field = next((f for n, f in model.model_fields.items() if (f.alias or n) == part), None)
        if field is None:
            return None
        args = [a for a in _inner_types(field.annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
        if not args:
            return None
        if getattr(field.annotation, "__origin__", None) is dict and parts:
            parts.pop(0)
        elif getattr(field.annotation, "__origin__", None) is dict:
            return None
        model = args[0]
    return model


def _inner_types(annotation: Any) -> list[Any]:
    args = getattr(annotation, "__args__", None)
    return [annotation] if not args else [t for a in args for t in _inner_types(a)]


def _fields_at(path: Path) -> list[str]:
    model = _model_at(path)
    return [f.alias or n for n, f in model.model_fields.items()] if model else []


def _describe(path: Path, key: str) -> str:
    """The field's own description, which is the best hint there is."""
    model = _model_at(path)
    if model is None:
        return ""
    field = next((f for n, f in model.model_fields.items() if (f.alias or n) == key), None)
    return (field.description or "") if field else ""
