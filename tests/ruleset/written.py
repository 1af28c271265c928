"""Clinics written for a test: the base of the cases with some sections changed.

May live here: making site files from a few words and reading them. May not: expectations.
"""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from ruleset.compile import compile_ruleset
from ruleset.context import Context
from ruleset.live import NOTHING_LIVE
from ruleset.load import load_site
from ruleset.parse import parse_site

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)  # noon in Tokyo
BASES = Path(__file__).parents[1] / "cases" / "bases"
SIGNED = {"reason": "Because", "owner": "Practice owner", "expires": "2028-03-31"}


def written(base="clinic", **sections):
    """A site file: entries of the sections are added to the base's; None takes an entry or a section away."""
    data = yaml.safe_load((BASES / f"{base}.yaml").read_text())
    for name, value in sections.items():
        if isinstance(value, dict) and isinstance(data.get(name), dict):
            data[name] = {k: v for k, v in (data[name] | value).items() if v is not None}
        elif value is None:
            del data[name]
        else:
            data[name] = value
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode()


def load(base="clinic", now=NOW, **sections):
    """The resolved site. AssertionError names the problems of a site that is not valid."""
    loaded = load_site(written(base, **sections), "site.yaml", now)
    assert loaded.resolved is not None, "\n".join(p.line() for p in loaded.problems)
    return loaded.resolved


def problems(base="clinic", now=NOW, **sections):
    """Code and words of everything that is wrong."""
    return [(p.code, p.what) for p in load_site(written(base, **sections), "site.yaml", now).problems]


def context(base="clinic", now=NOW, **sections):
    """The look-ups of a site that has the right shape."""
    return Context(parse_site(written(base, **sections), "site.yaml").site, now)


def compiled(base="clinic", live=NOTHING_LIVE, now=NOW, **sections):
    """Its ruleset."""
    return compile_ruleset(load(base, now, **sections), live, now)


def permit(source, target, *services, **rest):
    """A signed permit."""
    return {"from": source, "to": target, "services": list(services)} | SIGNED | rest


def device(zone, number, **rest):
    """A device with a MAC of its own."""
    return {"zone": zone, "mac": f"02:00:00:00:99:{number:02x}", "kind": "other"} | rest
