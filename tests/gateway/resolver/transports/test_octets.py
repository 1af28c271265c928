"""Padding and ids."""

import dns.message
import pytest

from gateway.resolver.transports.octets import BLOCK, number_of, padded, with_number
from tests.gateway.resolver.transports.servers import question


@pytest.mark.parametrize("label", [1, 30, 60, 63])
def test_a_question_of_any_length_becomes_one_of_a_few(label):
    made = padded(question("a" * label + "." + "b" * label + ".example", 7))
    assert len(made) % BLOCK == 0
    message = dns.message.from_wire(made)
    assert [option.otype for option in message.options] == [12]
    assert message.question[0].name.to_text() == "a" * label + "." + "b" * label + ".example."


def test_what_ends_otherwise_stays_as_it_is():
    data = dns.message.make_query("www.example", "A").to_wire()
    assert padded(data) == data


def test_the_id_is_the_first_two_octets():
    data = with_number(question("www.example", 7), 0xABCD)
    assert number_of(data) == dns.message.from_wire(data).id == 0xABCD
