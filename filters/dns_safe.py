"""Safe search: names of search engines and the names of their safe variants.

Each engine documents a name whose addresses serve only the filtered variant; answering with a CNAME to it needs no
look into the connection. Only questions that lead to a connection are answered so (A, AAAA, SVCB, HTTPS): mail to the
same name goes on. An engine's other doors to the same search (the bare domain, one for each IP version, pages without
script) are none of the documented names, but serve the same results.

May live here: the table with its sources. May not: deciding who gets it (dns_rules.py).
"""

from filters.dns_message import Type
from filters.names import Name, from_text

TYPES = frozenset((Type.A, Type.AAAA, Type.SVCB, Type.HTTPS))
# Google, "Lock SafeSearch": www of google.com and of each national domain, as in google.com/supported_domains.
_GOOGLE = """
com ad ae com.af com.ag al am co.ao com.ar as at com.au az ba com.bd be bf bg com.bh bi bj com.bn com.bo com.br bs bt
co.bw by com.bz ca cat cd cf cg ch ci co.ck cl cm cn com.co co.cr com.cu cv com.cy cz de dj dk dm com.do dz com.ec ee
com.eg es com.et fi com.fj fm fr ga ge gg com.gh com.gi gl gm gr com.gt gy com.hk hn hr ht hu co.id ie co.il im co.in iq
is it je com.jm jo co.jp co.ke com.kh ki kg co.kr com.kw kz la com.lb li lk co.ls lt lu lv com.ly co.ma md me mg mk ml
com.mm mn com.mt mu mv mw com.mx com.my co.mz com.na com.ng com.ni ne nl no com.np nr nu co.nz com.om com.pa com.pe
com.pg com.ph com.pk pl pn com.pr ps pt com.py com.qa ro rs ru rw com.sa com.sb sc se com.sg sh si sk com.sl sm sn so sr
st com.sv td tg co.th com.tj tl tm tn to com.tr tt com.tw co.tz com.ua co.ug co.uk com.uy co.uz com.vc co.ve co.vi
com.vn vu ws co.za co.zm co.zw
"""
_ENGINES = {
    "forcesafesearch.google.com": [
        *(f"{www}google.{domain}" for domain in _GOOGLE.split() for www in ("www.", "")),
        "ipv4.google.com", "ipv6.google.com",
    ],
    # Microsoft, "Block adult content with SafeSearch": map www.bing.com to strict.bing.com.
    "strict.bing.com": ["www.bing.com", "bing.com", "cn.bing.com", "www2.bing.com"],
    # DuckDuckGo, "Safe Search": safe.duckduckgo.com.
    "safe.duckduckgo.com": [
        "duckduckgo.com", "www.duckduckgo.com", "start.duckduckgo.com", "html.duckduckgo.com", "lite.duckduckgo.com",
    ],
    # Google Workspace, "Manage your organization's YouTube settings": five names, strict.
    "restrict.youtube.com": [
        "www.youtube.com", "m.youtube.com", "youtubei.googleapis.com", "youtube.googleapis.com",
        "www.youtube-nocookie.com",
    ],
}  # fmt: skip
_TABLE: dict[Name, Name] = {from_text(name): from_text(target) for target, names in _ENGINES.items() for name in names}


def safe_name(name: Name, qtype: int) -> Name | None:
    """The safe variant to answer with, None for every other question."""
    return _TABLE.get(name) if qtype in TYPES else None
