"""Which servers are spoken to at all."""

import pytest

from gateway.updates.connection import RefusedAddressError, answer, same_place, target_of


@pytest.mark.parametrize(
    "url",
    [
        "http://lists.example/x",
        "https:///x",
        "ftp://a/",
        "https://a:99999/",
        "https://u:p@localhost/",
        "https://a b/",
        "https://%s.example/" % ("a" * 64),
    ],
)
def test_an_address_that_is_refused_unasked(url):
    with pytest.raises(RefusedAddressError):
        target_of(url, public_only=False)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "10.1.2.3", "192.168.1.1", "169.254.1.1", "[fd00::1]", "localhost"]
)
def test_a_private_address_is_refused_where_only_public_ones_may_be(host):
    with pytest.raises(RefusedAddressError, match="private"):
        target_of(f"https://{host}/x", public_only=True)


def test_what_is_asked_for():
    target = target_of("https://127.0.0.1:8443/a/b?c=d", public_only=False)
    assert (target.host, target.port, target.path, target.addresses) == ("127.0.0.1", 8443, "/a/b?c=d", ("127.0.0.1",))


def test_the_same_place_is_the_same_host_and_port():
    assert same_place("https://a.example/x", "https://A.example:443/y")
    assert not same_place("https://a.example/x", "https://a.example:444/x")


def test_a_slow_answer_is_cut_at_the_deadline(bench):
    bench.serve(b"x" * 1000, breaks=100, hangs=True)
    target = target_of(bench.source.url, public_only=False)
    with answer(target, {}, 0.5) as got:
        assert sum(map(len, iter(lambda: got.read1(10), b""))) == 100
