"""A list as a stream: lines, numbers, encodings, bounds, refusals."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.lists.reading import MAX_LINE, parse_line, read_list, split_lines
from filters.lists.rules import Format, ListRefusedError, Plain, Reject


@given(st.lists(st.binary(max_size=40)), st.integers(1, 7))
def test_lines_do_not_depend_on_how_the_text_arrives(lines: list[bytes], size: int) -> None:
    lines = [line.replace(b"\n", b"").rstrip(b"\r") for line in lines]
    text = b"\r\n".join(lines)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert [line.rstrip(b"\r") for line in split_lines(chunks)] == (lines if not lines or lines[-1] else lines[:-1])


def test_an_endless_line_takes_no_memory_and_is_one_reject() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"bad.example\n"
        yield from [b"x" * 65536] * 200
        yield b"\nworse.example\n" + b"y" * 65536 + b"\nworst.example"

    lines = list(split_lines(chunks()))
    assert list(map(len, lines)) == [11, MAX_LINE + 1, 13, MAX_LINE + 1, 13]
    said = [parsed for _, _, parsed in read_list(lines)[1]]
    assert said[1] is said[3] is Reject.TOO_LONG
    assert all(isinstance(parsed, list) for parsed in said[::2])


def test_bom_line_ends_and_numbers() -> None:
    found, parsed = read_list(b"\xef\xbb\xbfbad.example\r\n\r\n# note\r\nworse.example".splitlines(keepends=True))
    assert found is Format.DOMAINS
    assert [(number, len(rules)) for number, _, rules in parsed] == [(1, 1), (2, 0), (3, 0), (4, 1)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"\xff\xfe.example", Reject.NOT_TEXT),
        (b"# caf\xe9", []),
        (b"a" * (MAX_LINE + 1), Reject.TOO_LONG),
        (b"# " + b"a" * MAX_LINE, []),
    ],
)
def test_what_no_parser_sees(line: bytes, said: list[Plain] | Reject) -> None:
    assert parse_line(line, lambda _: Reject.NOT_A_NAME) == said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "known format"),
        ("# nothing", "known format"),
        ("<html>\n<p>", "web page"),
        ('{"a": 1}', "JSON"),
        ("\x1f\x8b", "known format"),
        ("bad\0.example", "unpack"),
    ],
)
def test_what_is_no_list_is_refused_whole(text: str, why: str) -> None:
    with pytest.raises(ListRefusedError, match=why):
        read_list(text.encode().splitlines())


def test_a_parser_that_remembers_starts_afresh_for_each_list() -> None:
    text = [b"$ORIGIN rpz.example.", b"bad.example.rpz.example. CNAME ."]
    for _ in range(2):
        said = [parsed for _, _, parsed in read_list(text)[1]]
        assert said[1][0].name == b"\x03bad\x07example\0"
    first = next(parsed for _, _, parsed in read_list(text[1:])[1])
    assert first[0].name.startswith(b"\x03bad\x07example\x03rpz")
