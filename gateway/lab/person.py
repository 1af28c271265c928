"""The technician of a lab: applies a site there and confirms it as a person at the page would.

May live here: that one conversation with the enforcer. May not: policy, pages.

The confirm rests on a real connection: opened after the apply, from the administrator's PC through the firewall to the
page. The page is the one that may speak for a person, so the commands come under its user, as they do on the box.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.applied import SiteUnreadableError, applied_site
from gateway.client import EnforcerClient, EnforcerUnavailable, Refused
from gateway.lab import netns
from gateway.lab.errors import LabError
from gateway.lab.folder import DEFAULT_LAB, Folder, Record, RecordedHost, read_record
from gateway.lab.lifecycle import LOOK_SECONDS, wait_for
from gateway.lab.specs import UI_PORT, WEBUI
from ruleset.load import load_site
from ruleset.resolved import Address, ResolvedSite

PERSON = "technician"
PAGE_SECONDS = 30.0
CONNECT_SECONDS = 1.0
CONFIRM_WITHIN = 90
NAMES_SECONDS = 30.0
QUESTION = bytes.fromhex("0001 0100 0001 0000 0000 0000 00 0006 0001")  # the root's SOA (RFC 1035, 4.1)


def page_address(resolved: ResolvedSite) -> Address:
    """Where the owner's page is for those in the management zone. Raises LabError."""
    segment = next((s for s in resolved.segments if s.role == "mgmt"), None)
    if segment is None or not segment.gateways:
        raise LabError("the site has no management zone with an address, so nobody reaches the page; add one")
    return segment.gateways[0]


def admin_host(record: Record, resolved: ResolvedSite) -> RecordedHost:
    """The administrator's PC: of kind admin-pc, else whoever is in the management zone. Raises LabError."""
    zones = {segment.name for segment in resolved.segments if segment.role == "mgmt"}
    members = [host for host in record.hosts if host.zone in zones]
    if not members:
        raise LabError("the site has no management zone; the page and the confirm need one")
    return next((host for host in members if host.device_kind == "admin-pc"), members[0])


def apply_and_confirm(site: Path, lab: str = DEFAULT_LAB) -> int:
    """Applies the site file in that lab and confirms it; answer: the generation's number. Raises LabError."""
    resolved = load_site(site.read_bytes(), str(site), datetime.now(UTC)).resolved
    if resolved is None:
        raise LabError(f"{site} has errors; `clinicgate check {site}` shows them")
    try:
        applied = apply(site, CONFIRM_WITHIN, lab)
        confirm(lab)
    except (Refused, EnforcerUnavailable) as error:
        raise LabError(f"the site could not be applied in the lab: {error}") from error
    segment = resolved.segments[0]
    names_answer(next(host for host in _record(lab).hosts if host.zone == segment.name), segment.gateways[0])
    return int(applied["generation"])


def apply(site: Path, confirm_within: float, lab: str = DEFAULT_LAB) -> dict[str, Any]:
    """Applies the site file as the technician, who has that many seconds to confirm; answer: the enforcer's.

    Raises LabError, Refused, EnforcerUnavailable."""
    _record(lab)
    text = site.read_bytes().decode("utf-8-sig")
    with _as_the_page(), _client(lab) as client:
        return client.call("apply", site_text=text, site_path=str(site.absolute()), confirm_within=confirm_within)


def confirm(lab: str = DEFAULT_LAB) -> dict[str, Any]:
    """Confirms as the technician, over a connection from the administrator's PC that is opened now; answer: the
    enforcer's. Raises LabError, when that PC can no longer reach the page among others, Refused, EnforcerUnavailable.
    """
    record = _record(lab)
    try:
        with EnforcerClient(Folder(lab).gateway.enforcer_socket) as client:
            applied = applied_site(client, datetime.now(UTC))
    except SiteUnreadableError as error:
        raise LabError(f"the site applied in the lab does not load: {error}; `clinicgate lab down`, then up") from error
    if applied is None:
        raise LabError("no policy is applied in the lab; `clinicgate lab apply SITE` applies one")
    opened = reach_page(admin_host(record, applied.resolved), page_address(applied.resolved))
    with _as_the_page(), _client(lab, opened) as client:
        return client.call("confirm")


def names_answer(host: RecordedHost, server: Address) -> None:
    """Returns when the resolver, which takes over a new site within seconds, answers that host. Raises LabError."""
    descriptor = netns.open_named(host.namespace)
    family = socket.AF_INET if server.version == 4 else socket.AF_INET6
    try:
        with netns.open_socket(descriptor, family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(LOOK_SECONDS * 5)

            def answered() -> bool:
                try:
                    sock.connect((str(server), 53))
                    sock.send(QUESTION)
                    return bool(sock.recv(512))
                except OSError:
                    return False

            wait_for(answered, NAMES_SECONDS, f"the resolver at {server}")
    finally:
        os.close(descriptor)


def reach_page(admin: RecordedHost, address: Address) -> float:
    """Opens a new connection from the administrator's PC to the page; answer: when (epoch seconds). Raises LabError."""
    descriptor = netns.open_named(admin.namespace)
    deadline = time.monotonic() + PAGE_SECONDS
    try:
        while time.monotonic() < deadline:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            with netns.open_socket(descriptor, family, socket.SOCK_STREAM) as sock:
                sock.settimeout(CONNECT_SECONDS)
                opened = time.time()
                try:
                    sock.connect((str(address), UI_PORT))
                    return opened
                except OSError:
                    time.sleep(LOOK_SECONDS)
    finally:
        os.close(descriptor)
    raise LabError(f"the page at {address}:{UI_PORT} does not answer {admin.name}; see `clinicgate lab status`")


def _record(lab: str) -> Record:
    record = read_record(Folder(lab))
    if record is None:
        raise LabError(f"no lab {lab} here; `clinicgate lab up SITE` makes one")
    return record


def _client(lab: str, opened: float | None = None) -> EnforcerClient:
    return EnforcerClient(Folder(lab).gateway.enforcer_socket, actor=PERSON, connection_opened=opened)


@contextmanager
def _as_the_page() -> Iterator[None]:
    """Connections made inside bear the page's user (SO_PEERCRED takes the effective uid at connect, unix(7))."""
    os.seteuid(WEBUI)
    try:
        yield
    finally:
        os.seteuid(0)
