"""Encrypted DNS of somebody else: it works where no gateway is, and not from the clinic, by no program and address."""

import shutil
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import dns.message
import dns.query
import httpx2
import pytest

from tests.lab.dns_clinic import LISTED, STRANGERS

pytestmark = pytest.mark.netns
NAME, LISTED_NAME = "dns.google", "doh.example.org"
SHORT = 2.0  # seconds until a blocked try counts as blocked; what is open answers on the same machine at once
LONG = 20.0


def ask_tls(server, seconds, authority):
    query = dns.message.make_query("www.example.com", "A")
    return dns.query.tls(query, server, timeout=seconds, verify=authority, server_hostname=NAME)


def ask_https(server, seconds, authority):
    query, url = dns.message.make_query("www.example.com", "A"), f"https://{NAME}/dns-query"
    trust = ssl.create_default_context(cafile=authority)
    return dns.query.https(query, url, timeout=seconds, verify=trust, bootstrap_address=server)


def ask_quic(server, seconds, authority):
    query = dns.message.make_query("www.example.com", "A")
    return dns.query.quic(query, server, timeout=seconds, verify=authority, server_hostname=NAME)


Way = Callable[[str, float, str], dns.message.Message]
WAYS: dict[str, Way] = {"DoT": ask_tls, "DoH": ask_https, "DoQ": ask_quic}
REFUSED = (dns.exception.Timeout, OSError, EOFError, ssl.SSLError, httpx2.TransportError)


def answered(names_clinic, host, tries, seconds):
    """Which of the tries, all at once, bring an answer to that device: [(way, server)]."""

    def one(attempt):
        way, server = attempt
        try:
            with names_clinic.inside(host):
                return bool(WAYS[way](server, seconds, str(names_clinic.folder.authority)).answer)
        except REFUSED:
            return False

    with ThreadPoolExecutor(len(tries)) as together:
        return [attempt for attempt, came in zip(tries, together.map(one, tries), strict=True) if came]


@pytest.fixture(scope="module")
def listed(names_clinic):
    """The list of addresses, carried in as from a USB stick."""
    file = names_clinic.folder.gateway.lists / "doh.addresses"
    carried = file.with_name("carried.txt")
    shutil.copyfile(file, carried)
    told = names_clinic.clinicgate("lists", "import", str(carried), "--list", "bypass-addresses")
    assert "bypass-addresses" in told


EVERYWHERE = [(way, server) for way in WAYS for server in (*STRANGERS, *LISTED)]


def test_where_no_gateway_is_all_of_it_works(names_clinic, strangers):
    assert answered(names_clinic, "attacker", EVERYWHERE, LONG) == EVERYWHERE
    assert strangers.visits() >= len(EVERYWHERE)


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("host", ["reception-1", "phone", "admin"])
def test_from_the_clinic_none_of_it_works(names_clinic, strangers, host):
    before = strangers.visits()
    assert answered(names_clinic, host, EVERYWHERE, SHORT) == []
    assert strangers.visits() == before, "somebody came as far as a server"


@pytest.mark.usefixtures("listed", "strangers")
def test_the_web_beside_those_resolvers_is_open(names_clinic):
    told = names_clinic.run("reception-1", "curl", "-sS", "--max-time", "20", "https://www.example.com/")
    assert "This is www.example.com in the lab." in told


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("server", STRANGERS)
def test_by_digs_own_tls_and_openssl(names_clinic, strangers, server):
    there = f"[{server}]" if ":" in server else server
    tries = {
        "dig": ("dig", "+tls", "+tries=1", "+time=2", f"@{server}", "www.example.com"),
        "dig by HTTPS": ("dig", "+https", "+tries=1", "+time=2", f"@{server}", "www.example.com"),
        "openssl": ("timeout", "2", "openssl", "s_client", "-brief", "-connect", f"{there}:853"),
    }
    before = strangers.visits()
    with ThreadPoolExecutor(len(tries)) as together:
        told = dict(
            zip(tries, together.map(lambda words: names_clinic.run("phone", *words, check=False), tries.values()),
                strict=True)
        )  # fmt: skip
    assert {name: "192.0.2.1" in words or "CONNECTION ESTABLISHED" in words for name, words in told.items()} == (
        dict.fromkeys(tries, False)
    )
    assert strangers.visits() == before
    if server == STRANGERS[0]:
        assert "192.0.2.1" in names_clinic.run("attacker", *tries["dig"])


@pytest.mark.usefixtures("listed")
def test_by_curl_with_a_resolver_of_its_own(names_clinic, strangers):
    resolvers = [NAME, LISTED_NAME, *(f"[{one}]" if ":" in one else one for one in (*STRANGERS, *LISTED))]
    before = strangers.doh.connections

    def curl(resolver):
        words = ["curl", "-sS", "--max-time", "3", "--doh-insecure", "--doh-url", f"https://{resolver}/dns-query"]
        return names_clinic.run("phone", *words, "https://www.example.net/", check=False)

    with ThreadPoolExecutor(len(resolvers)) as together:
        told = list(together.map(curl, resolvers))
    assert [words for words in told if "in the lab" in words or "curl: (" not in words] == []
    assert strangers.doh.connections == before


def test_by_curl_where_no_gateway_is(names_clinic, strangers):
    url = f"https://{NAME}/dns-query"
    told = names_clinic.run(
        "attacker", "curl", "-v", "--max-time", "20", "--doh-url", url, "http://www.example.net/", check=False
    )
    assert "www.example.net" in strangers.doh.asked, told[-800:]


@pytest.mark.parametrize(("host", "answers"), [("phone", []), ("reception-1", ["A 10.20.20.1"])])
@pytest.mark.parametrize("name", [NAME, LISTED_NAME])
def test_their_names_are_blocked(names_clinic, host, answers, name):
    assert names_clinic.dig(host, name).answers == answers
