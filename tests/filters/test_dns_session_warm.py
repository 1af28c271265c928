"""A session whose process died, and the one that comes after it."""

from dataclasses import replace

import pytest

from filters.dns_exchange import AskUpstream, Upstream
from filters.dns_session import SessionConfig
from filters.dns_shape import Shaping
from filters.dns_warm import Writer, read
from tests.filters.dns_talk import Talk, answered
from tests.filters.test_dns_session_time import CONFIG, WEB, cached, wait

MARK = bytes(32)


def successor(talk: Talk, config: SessionConfig = CONFIG) -> Talk:
    """Another process, which has read what the first one left."""
    writer, cache = Writer(MARK), talk.session.cache
    entries = [writer.entry(key, one) for key in cache.held() if (one := cache.frozen(key)) is not None]
    new = Talk(config)
    new.now = talk.now
    new.session.cache.warm(read(writer.head + b"".join(entries) + writer.tail, MARK, talk.now))
    return new


def test_it_answers_with_what_is_left_of_the_time_and_the_fast_path_does_afterwards() -> None:
    talk = cached()
    talk.now += 40
    new = successor(talk)
    assert answered(new.ask("www.example")) == ("NOERROR", ["60 A 192.0.2.1"])
    assert new.session.counters.cached == 1
    assert len(new.session.fast_path("pc")) == 1


def test_it_answers_stale_while_the_upstreams_are_dead() -> None:
    talk = cached()
    talk.now += 500
    new = successor(talk)
    (ask,) = new.ask("www.example")
    assert isinstance(ask, AskUpstream)
    assert answered(wait(new, 2.0)) == ("NOERROR", ["30 A 192.0.2.1"])


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        (CONFIG, True),
        (replace(CONFIG, upstreams=(Upstream("198.51.100.99"),)), False),
        (replace(CONFIG, shaping=Shaping(remove_ech=False)), False),
    ],
)
def test_what_was_got_in_another_way_is_forgotten(config: SessionConfig, kept: bool) -> None:
    new = successor(cached())
    new.session.replace(config)
    assert bool(len(new.session.cache)) is kept


def test_a_resolver_of_our_own_that_is_only_just_starting_forgets_nothing() -> None:
    """Until it runs there is nobody to ask, and so nothing that was got in another way."""
    new = successor(cached(), replace(CONFIG, upstreams=()))
    new.session.replace(CONFIG)
    assert answered(new.ask("www.example")) == ("NOERROR", [WEB.removeprefix("www.example. ").replace("IN ", "")])
    new.session.replace(replace(CONFIG, upstreams=(Upstream("127.0.0.1", 5353),)))
    assert len(new.session.cache) == 0
