"""The block page as HTML, in the reader's language: what was blocked, why, what to do, whom to ask.

Who looks at it may be a guest. Nothing stands here of the clinic but what the site calls its block list and, for
people who work there, the technician to ask; visitors are sent to the reception, without a name or a number.

May live here: choosing texts, rendering. May not: finding out why (why.py), HTTP (message.py).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from webui.i18n import Locale, choose, locales

HERE = Path(__file__).parent
LANGUAGES = locales(HERE / "locales")
STYLE = (HERE / "page.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = "; ".join((
    "default-src 'none'", "img-src data:", f"style-src 'sha256-{_HASH}'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
))  # fmt: skip
MAX_LABEL = 80


@dataclass(frozen=True, slots=True)
class Why:
    """What the resolver says of a name: its `reason` word and the list's id; `blocks` False: it is answered by now."""

    reason: str = ""
    list: str = ""
    blocks: bool = True


UNKNOWN = Why()


@dataclass(frozen=True, slots=True)
class Clinic:
    """What of a site the page may tell. `languages`: codes, the preferred first. `lists`: id -> (label, category).

    `visitors`: the gateway's addresses in zones of people who do not work here.
    """

    languages: tuple[str, ...] = ()
    technician: str = ""
    phone: str = ""
    lists: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    visitors: frozenset[str] = frozenset()


def locale_for(accepted: str, clinic: Clinic) -> Locale:
    """The language of an Accept-Language header, else the clinic's own, else English."""
    return choose(None, None, accepted, clinic.languages, LANGUAGES)


def page(name: str, why: Why, clinic: Clinic, locale: Locale, *, visitor: bool) -> bytes:
    """The whole page. `name` is "" when nobody knows what was asked for."""
    return (
        _template()
        .render(
            t=locale,
            style=Markup(STYLE),  # ours, and the hash of the policy is of these very octets
            name=name,
            heading=locale("heading.free" if not why.blocks else "heading"),
            reason=_reason(why, clinic, locale) if why.blocks else locale("why.free"),
            advice=_advice(clinic, locale, visitor=visitor) if why.blocks else (),
        )
        .encode()
    )


def _reason(why: Why, clinic: Clinic, locale: Locale) -> str:
    label, category = clinic.lists.get(why.list, (why.list, ""))
    key = f"why.{why.reason}"
    if not locale.has(key):
        return locale("why.unknown")
    told = locale(key, list=label[:MAX_LABEL])
    kind = f"category.{category}"
    return locale("why.with_category", why=told, category=locale(kind)) if locale.has(kind) else told


def _advice(clinic: Clinic, locale: Locale, *, visitor: bool) -> tuple[str, ...]:
    if visitor:
        return locale("do.leave"), locale("do.ask_visitor")
    if not clinic.technician:
        return locale("do.leave"), locale("do.letter"), locale("do.ask_somebody")
    key = "do.ask_by_phone" if clinic.phone else "do.ask"
    return locale("do.leave"), locale("do.letter"), locale(key, who=clinic.technician, phone=clinic.phone)


@cache
def _template() -> Template:
    pages = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return pages.get_template("page.html")
