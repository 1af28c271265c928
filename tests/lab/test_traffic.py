"""The acts of a demo in a real lab: each comes out as the site wants it, and its outcome is not taken for granted."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.lab import netns
from gateway.lab.names import lab_names
from gateway.lab.scenario import acts
from gateway.lab.topology import plan
from gateway.lab.traffic import Actors, Tally

pytestmark = pytest.mark.netns


@pytest.fixture
def actors(clinic):
    chosen = acts(plan(clinic.lab, clinic.resolved), clinic.resolved, lab_names(clinic.resolved), datetime.now(UTC))
    namespaces = {host.name: netns.open_named(host.namespace) for host in clinic.record.hosts}
    yield Actors(chosen, namespaces, str(clinic.folder.authority))
    for descriptor in namespaces.values():
        os.close(descriptor)


def attempt(actors, act):
    tally = Tally(act)
    asyncio.run(actors.attempt(tally))
    return tally


def test_every_act_comes_out_as_it_should(actors):
    async def all_once():
        await asyncio.gather(*(actors.attempt(tally) for tally in actors.tallies))

    asyncio.run(all_once())
    assert {tally.act.kind for tally in actors.tallies} == {"browse", "service", "call", "name", "knock"}
    assert [tally.act.words for tally in actors.tallies if tally.wrong] == []
    assert all(tally.took for tally in actors.tallies if tally.act.passes)


def test_a_page_with_a_certificate_of_another_name_does_not_count(actors):
    act = next(t.act for t in actors.tallies if t.act.kind == "browse" and t.act.passes)
    assert attempt(actors, act).passed == 1
    stranger = Actors([act], actors._namespaces, "/etc/ssl/certs/ca-certificates.crt")
    assert attempt(stranger, act).passed == 0


def test_a_call_that_loses_its_packets_does_not_count(actors):
    act = next(t.act for t in actors.tallies if t.act.kind == "call")
    nowhere = replace(act, name="", address=act.address + 2**20, port=53)  # answered by DNS, not by an echo
    assert attempt(actors, nowhere).passed == 0


def test_playing_goes_on_until_it_is_cancelled(actors):
    async def some():
        happened = []
        enough = asyncio.Event()

        def changed(tally):
            happened.append(tally.act.id)
            if len(set(happened)) == len(actors.tallies):
                enough.set()

        playing = asyncio.create_task(actors.play(changed))
        await asyncio.wait_for(enough.wait(), 30)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        return happened

    assert set(asyncio.run(some())) == {tally.act.id for tally in actors.tallies}
