"""Lines of every list format through the compilers: each is a rule or a counted reject, and the rules are found again.

Invariants: nothing but ListRefusedError escapes; the file that was made opens; every line is accounted for; samples are
safe to show; a rule for a name is met by a question for it.

May live here: this target. May not: damaged files (files.py).
"""

from random import Random

from filters import names
from filters.lists import Asker, ListCompiler, ListFile, ListRefusedError, compile_list, split_lines
from filters.lists.reading import read_list
from filters.lists.rules import Extent, Plain, Reject
from tests.fuzz.campaign import Seen
from tests.fuzz.mutate import Mutator
from tests.fuzz.outside import demand

BLOCK = 250
KEY = b"fuzz"
FORMATS: dict[str, tuple[bytes, ...]] = {
    "hosts": (
        b"0.0.0.0 ads.example.com", b"127.0.0.1 a.example b.example # two", b"::1 six.example", b"# comment",
        b"127.0.0.1 localhost", b"0.0.0.0\ttab.example", b"10.0.0.1 redirect.example",
        "0.0.0.0 bücher.example".encode(),
    ),
    "domains": (b"ads.example.com", b"sub.ads.example.com.", b"xn--bcher-kva.example", b"com", b"_dmarc.example.org",
                b"# c", "日本語.example".encode()),
    "wildcard": (b"*.ads.example.com", b"*.example", b"*.*.example", b"*.xn--bcher-kva.example"),
    "dnsmasq": (b"address=/ads.example.com/0.0.0.0", b"address=/a.example/b.example/", b"server=/c.example/",
                b"local=/d.example/", b"address=/r.example/10.0.0.1", b"server=/#/1.1.1.1"),
    "unbound": (b'local-zone: "ads.example.com" always_nxdomain', b'local-zone: "b.example" transparent',
                b'local-data: "c.example A 0.0.0.0"', b"server:", b'local-zone: "d.example" redirect'),
    "rpz": (b"$TTL 300", b"@ SOA ns.example. root.example. 1 2 3 4 5", b"ads.example.com CNAME .",
            b"*.b.example CNAME *.", b"ok.example CNAME rpz-passthru.", b"32.1.0.0.10.rpz-ip CNAME .",
            b"$ORIGIN rpz.example."),
    "adblock": (
        b"[Adblock Plus 2.0]", b"||ads.example.com^", b"@@||good.example.com^", b"|exact.example|", b"||w*d.example^",
        b"/ad[0-9]{1,3}[.](com|net)/", b"||x.example^$important", b"||y.example^$dnstype=AAAA|~A,client=10.0.0.0/8",
        b"||z.example^$badfilter", b"*$denyallow=a.com|b.com", b"||r.example^$dnsrewrite=NOERROR;A;0.0.0.0",
        b"||t.example^$ctag=device_phone|~user_child", b"example.com##.banner", b"||p.example/path", b"! comment",
        b"/(a|b)*c{2,}?$/$important", "||日本.example^".encode(), b"@@||q.example^$dnsrewrite",
    ),
}  # fmt: skip
WORDS = (
    b"||", b"^", b"$", b"@@", b"/", b"*", b"|", b"$client=", b"$dnstype=", b"$dnsrewrite=", b"$denyallow=",
    b"$badfilter", b"0.0.0.0 ", b"address=/", b" CNAME .", b'local-zone: "', b"xn--", b"xn--a", b".", b"..", b"(",
    b")*", b"{1000}", b"[^", b"\\", b"\r", b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", "\u202e".encode(), "\u0130".encode(),
    "\u2028".encode(),
    b"a" * 64, b"(a|a)*", b"(?=", b"\\1", b"~", b",", b"#", b"!", b"a." * 130,
)  # fmt: skip
ASKED = tuple(
    map(names.from_text, ("ads.example.com", "x.y.example", "weird.example", "ad12.com", "a" * 63 + ".example"))
)


def block(rng: Random, seen: Seen) -> int:
    kind = rng.choice(list(FORMATS))
    mutator, samples = Mutator(rng, WORDS), FORMATS[kind]
    lines = [rng.choice(samples) for _ in range(rng.choice((0, 2, 8)))]
    lines += [
        _another(rng, mutator.mutated(samples if rng.random() < 0.9 else FORMATS["adblock"])) for _ in range(BLOCK)
    ]
    whole = b"\n".join(lines)
    cut = [whole[at : at + 777] for at in range(0, len(whole), 777)]
    lines = list(split_lines(cut))
    compiler = ListCompiler(KEY)
    try:
        compiler.add("list", iter(lines))
    except ListRefusedError as error:
        demand(str(error).isprintable(), "a refusal that cannot be shown", whole)
        seen["refused"] += 1
        return BLOCK
    compiled = compiler.finish()
    file = ListFile(memoryview(b"".join(compiled.pieces)), KEY)
    report = compiled.reports[0]
    demand(file.reports == compiled.reports, "the file tells something else than the compiler", whole)
    demand(report.lines == len(lines), "lines that nobody counted", whole)
    for sample in report.samples:
        demand(sample.text.isascii() and sample.text.isprintable(), "a sample that cannot be shown", whole)
    seen["rules"] += report.rules
    seen["rejects"] += sum(report.rejects.values())
    _found_again(lines, file, seen)
    _asked(file)
    _in_memory(lines)
    return BLOCK


def _another(rng: Random, line: bytes) -> bytes:
    """About other names than the lines before: duplicates are rejects."""
    return line.replace(b"example", b"e%x" % rng.randrange(1 << 20)) if rng.random() < 0.8 else line


def _found_again(lines: list[bytes], file: ListFile, seen: Seen) -> None:
    for number, line, parsed in read_list(lines)[1]:
        for rule in () if isinstance(parsed, Reject) else parsed:
            if isinstance(rule, Plain):
                name = rule.name if rule.extent is not Extent.BELOW else b"\x01x" + rule.name
                if len(name) > 255:
                    continue
                met = {match.line for match in file.matches(name)}
                demand(met, f"the rule on line {number} is not met by its own name", line)
                seen["met"] += 1


def _asked(file: ListFile) -> None:
    for name in ASKED:
        for asker in (Asker(), Asker(28)):
            match = file.find(name, asker).match
            demand(match is None or (match.text.isascii() and match.text.isprintable()), "a rule that cannot be shown")


def _in_memory(lines: list[bytes]) -> None:
    """The other compiled form, for lists of names alone."""
    try:
        compile_list("list", lines, KEY)
    except ListRefusedError as error:
        demand(str(error).isprintable(), "a refusal that cannot be shown")
