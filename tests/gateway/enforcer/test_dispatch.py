"""One request of one peer: role, person, gate, audit."""

import os

import pytest

from gateway import audit, wire
from gateway.access import Access, Peer
from gateway.enforcer import dispatch
from gateway.enforcer.confirm import Origin
from gateway.enforcer.core import Core
from gateway.enforcer.dispatch import Caller, Dispatcher
from gateway.wire import CommandRefused, Request
from tests.gateway.enforcer.nets import site

pytestmark = pytest.mark.netns
CONSOLE = Origin("console", None, "local console 4:1")
UIDS = {"technician": 64500, "owner": 64501, "resolver": 64502, "watcher": 64503, "webui": 64504, "viewer": 64505}


@pytest.fixture
def dispatcher(core: Core) -> Dispatcher:
    core.paths.run.mkdir(exist_ok=True)
    core.paths.access_files[0].write_text("\n".join(f"{uid}: {role}" for role, uid in UIDS.items()))
    return Dispatcher(core, Access(core.paths))


def caller(role: str = "", actor: str = "alice") -> Caller:
    return Caller(Peer(os.getpid(), UIDS.get(role, 64999), 64999), actor, CONSOLE)


def ask(dispatcher: Dispatcher, who: Caller, command: str, actor: str | None = None, opened=None, **args) -> dict:
    return dispatcher.answer(who, Request(command, args, actor, opened), lambda *_: None).values


def code(dispatcher: Dispatcher, who: Caller, command: str, actor: str | None = None, **args) -> str:
    try:
        ask(dispatcher, who, command, actor, **args)
    except CommandRefused as error:
        return error.code
    return "done"


def test_a_technician_changes_and_it_is_written_down(dispatcher: Dispatcher, core: Core) -> None:
    ask(dispatcher, caller("technician"), "apply", site_text=site(), site_path="a.yaml")
    ask(dispatcher, caller("technician"), "confirm")
    apply, confirm = audit.tail(core.paths.audit, 2)
    assert (apply["actor"], apply["command"], apply["origin"]) == ("alice", "apply", CONSOLE.text)
    assert "a.yaml" in apply["plan"]
    assert apply["outcome"].startswith("done: generation 1")
    assert confirm["outcome"].startswith("done: generation 1")


@pytest.mark.parametrize("role", ["viewer", "watcher", "resolver", ""])
@pytest.mark.parametrize(
    "command",
    ["apply", "confirm", "rollback", "quarantine_add", "quarantine_remove", "feed_load", "dns_allow", "dns_disallow"],
)
def test_whoever_may_only_read_changes_nothing_and_the_attempt_is_written_down(
    dispatcher: Dispatcher, core: Core, role: str, command: str
) -> None:
    before = core.nft.listing()
    assert code(dispatcher, caller(role), command, site_text=site(), device="reception-1") == wire.NOT_ALLOWED
    assert core.nft.listing() == before
    last = audit.tail(core.paths.audit, 1)[0]
    assert (last["command"], last["outcome"].split(":")[0]) == (command, "refused")


def test_reads_are_not_written_down(dispatcher: Dispatcher, core: Core) -> None:
    before = core.audit.anchor
    for command in ("status", "generations", "counters", "quarantine_list"):
        assert code(dispatcher, caller("viewer"), command) == "done"
    assert core.audit.anchor == before


def test_a_stranger_cannot_fill_the_disk(dispatcher: Dispatcher, core: Core) -> None:
    before = core.audit.anchor.seq
    for _ in range(50):
        assert code(dispatcher, caller(), "status") == wire.NOT_ALLOWED
    assert core.audit.anchor.seq == before + 1


def test_only_the_page_speaks_for_others_and_it_must_name_them(dispatcher: Dispatcher, core: Core) -> None:
    assert code(dispatcher, caller("technician"), "apply", actor="bob", site_text=site()) == wire.NOT_ALLOWED
    assert code(dispatcher, caller("viewer"), "status", actor="bob") == wire.NOT_ALLOWED
    assert code(dispatcher, caller("webui"), "apply", site_text=site()) == wire.BAD_REQUEST
    assert code(dispatcher, caller("webui"), "apply", actor="carol", site_text=site()) == "done"
    assert core.pending.actor == "web:carol"


def test_the_page_confirms_over_a_new_browser_connection_only(dispatcher: Dispatcher, core: Core) -> None:
    import time

    ask(dispatcher, caller("webui"), "apply", "carol", site_text=site())
    for opened in (None, time.time() - 600):
        with pytest.raises(CommandRefused) as refused:
            ask(dispatcher, caller("webui"), "confirm", "carol", opened)
        assert refused.value.code == wire.CONFIRM_REFUSED
    with pytest.raises(CommandRefused):
        ask(dispatcher, caller("webui"), "confirm", "dave", time.time() + 1)
    assert ask(dispatcher, caller("webui"), "confirm", "carol", time.time() + 1)["generation"] == 1


def test_a_user_of_the_page_is_not_the_user_of_the_same_name_on_the_box(dispatcher: Dispatcher, core: Core) -> None:
    ask(dispatcher, caller("webui"), "apply", "alice", site_text=site())
    assert code(dispatcher, caller("technician", "alice"), "confirm") == wire.CONFIRM_REFUSED


def test_a_broken_access_file_gives_nobody_a_role_and_says_so(dispatcher: Dispatcher, core: Core) -> None:
    core.paths.access_files[0].write_text("{")
    assert code(dispatcher, caller("technician"), "status") == wire.NOT_ALLOWED
    assert "access.json" in core.troubles[-1].what
    root = Caller(Peer(os.getpid(), 0, 0), "root", CONSOLE)
    assert code(dispatcher, root, "status") == "done"


def test_trouble_with_the_kernel_is_an_answer_not_a_traceback(dispatcher: Dispatcher, core: Core) -> None:
    core.nft.load("delete table inet clinicgate")
    assert code(dispatcher, caller("technician"), "quarantine_add", mac="02:00:00:00:00:77") == wire.INTERNAL
    assert "quarantine_add" in core.troubles[-1].what
    assert audit.tail(core.paths.audit, 1)[0]["outcome"].startswith("failed")


def test_what_cannot_be_written_down_is_not_called_done(dispatcher: Dispatcher, core: Core) -> None:
    core.paths.audit.unlink()
    core.paths.audit.mkdir()
    with pytest.raises(CommandRefused) as refused:
        ask(dispatcher, caller("technician"), "quarantine_add", mac="02:00:00:00:00:77")
    assert (refused.value.code, "cannot be written" in refused.value.message) == (wire.INTERNAL, True)


def test_pins_are_not_written_down_one_by_one(dispatcher: Dispatcher, core: Core) -> None:
    ask(dispatcher, caller("technician"), "apply", site_text=site())
    before = core.audit.anchor
    pin = {"client": "10.20.20.11", "addresses": ["198.51.100.7"], "ttl": 60}
    assert code(dispatcher, caller("resolver"), "pin", **pin) == "done"
    assert code(dispatcher, caller("resolver"), "pin", **{**pin, "client": "9.9.9.9"}) == wire.PROTECTED
    assert core.audit.anchor == before
    assert code(dispatcher, caller("technician"), "pin", **pin) == wire.NOT_ALLOWED
    assert core.audit.anchor != before


def test_who_connected_is_found_out_at_once() -> None:
    found = Dispatcher.identify(Peer(os.getpid(), os.getuid(), os.getgid()))
    assert (found.actor, found.peer.pid) == (dispatch.person(found.peer), os.getpid())
