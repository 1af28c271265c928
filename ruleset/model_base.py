"""Words that every part of a site file is made of: ids, names, ports, days, and the strict base of all models.

May live here: types with a pattern, and `Strict`. May not: anything with fields (model.py, model_dns.py).
"""

from datetime import date, datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
InterfaceName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,9}$")]
DomainName = Annotated[
    str,
    StringConstraints(
        max_length=253, pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
    ),
]
ListPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_./-]{0,199}$")]


ADDRESS_TYPES = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface)


def _address_text(value: Any) -> Any:
    """Only text, and no IPv6 scope: Python keeps any text after `%` as part of an address, quotes and braces too."""
    if isinstance(value, ADDRESS_TYPES) and "%" not in str(value):
        return value
    if not isinstance(value, str) or "%" in value:
        raise ValueError("an address is written like 10.20.20.11 or 2001:db8::11, without a scope")
    return value


IPv4 = Annotated[IPv4Address, BeforeValidator(_address_text)]
IPv6 = Annotated[IPv6Address, BeforeValidator(_address_text)]
IPv4WithPrefix = Annotated[IPv4Interface, BeforeValidator(_address_text)]
IPv6WithPrefix = Annotated[IPv6Interface, BeforeValidator(_address_text)]
Endpoint = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Mac = Annotated[
    str,
    BeforeValidator(lambda v: v.lower().replace("-", ":") if isinstance(v, str) else v),
    StringConstraints(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$"),
]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
PortText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}-[0-9]{1,5}$")]

Role = Literal["mgmt", "pc", "elig", "srv", "backup", "med", "prn", "cam", "staffwifi", "guest", "voip", "pay", "quar"]
Kind = Literal[
    "pc",
    "laptop",
    "admin-pc",
    "server",
    "emr",
    "orca",
    "file-server",
    "scan-share",
    "backup",
    "nas",
    "pacs",
    "modality",
    "printer",
    "mfp",
    "label-printer",
    "camera",
    "nvr",
    "phone",
    "tablet",
    "payment-terminal",
    "eligibility-terminal",
    "card-reader",
    "access-point",
    "switch",
    "ups",
    "other",
]
DataClass = Literal["health", "card", "personal", "none"]
Language = Literal["ja", "en", "fr", "ru", "zh"]
Region = Literal["jp", "fr", "us", "cn", "ru", "other"]


def _day_or_moment(value: Any) -> date:
    """`2027-03-31` means the end of that day in the clinic's time zone, so a date is kept as a date."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a day is written 2027-03-31, a moment 2027-03-31T18:00+09:00")


Expiry = Annotated[
    date,
    PlainValidator(_day_or_moment),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}),
]


class Strict(BaseModel):
    """Base of all: no unknown keys, no changes after reading, no silent conversions between types."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)
