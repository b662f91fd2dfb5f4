"""What older versions wrote, in the words of this one: one version at a time. Pure.

An upgrade reads facts as they stand in a journal, fields as JSON, and never looks at the classes
of the events: those are what the last upgrade leads to, and will change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from divbot.domain.fills import Costs
from divbot.domain.money import round_up
from divbot.domain.risk import loss_at_stop
from divbot.domain.signals import Side


class Fact(NamedTuple):
    """One event of any version."""

    kind: str
    fields: dict[str, Any]
    """As JSON has them: decimals are texts."""


Upgrade: TypeAlias = Callable[[Iterable[Fact]], Iterator[Fact]]


def _complete(facts: Iterable[Fact]) -> Iterator[Fact]:
    """1 to 2: fields that came by and by are in every event.

    Programs of several ages wrote version 1, also into one journal: a field is there or is not.
    """
    settings: dict[str, str] = {}
    for kind, fields in facts:
        match kind:
            case "started":
                yield Fact(kind, {"address": None, "number": 0, **fields})
            case "resumed":
                yield Fact(kind, {"changed": _changed(settings, fields["settings"]), **fields})
                settings = fields["settings"]
            case "entered":
                yield Fact(kind, _whole_entry(fields))
            case "funded":
                yield Fact(kind, {"settled_at": fields["at"], **fields})
            case "marked":
                yield Fact(kind, {"prices": {}, "benchmark": None, **fields})
            case _:
                yield Fact(kind, fields)


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        name: [before[name], value]
        for name, value in now.items()
        if before.get(name, value) != value
    }


def _whole_entry(fields: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in fields.items() if value is not None}
    paid = Decimal(fields["margin"]) + Decimal(fields["fill"]["fee"])
    unknown = {"limited_by": None, "paid": str(paid), "dust": "0"}
    if "risk" not in known:
        unknown["risk"] = str(_risk(fields))
    return {**fields, **unknown, **known}


def _risk(entered: dict[str, Any]) -> Decimal:
    """Return 1 R, about: the exit is taken to cost what the entry did."""
    fill, quantity = entered["fill"], Decimal(entered["quantity"])
    price, requested, fee = (Decimal(fill[name]) for name in ("price", "requested", "fee"))
    # On spot, what was left over from a whole step was a part of the fee.
    is_known = quantity == Decimal(fill["quantity"])
    costs = Costs(
        fee=fee / (price * quantity) if is_known else Decimal(0),
        slippage=abs(price - requested) / requested,
    )
    stop = Decimal(entered["stop"])
    return round_up(
        loss_at_stop(Side(fill["side"]), quantity, price, stop, costs, None, paid=fee),
    )


_UPGRADES: tuple[Upgrade, ...] = (_complete,)
"""The first leads from version 1 to 2, the next one to 3."""

VERSION = 1 + len(_UPGRADES)
"""The one that this divbot writes."""


def upgraded(facts: Iterable[Fact], version: int) -> Iterable[Fact]:
    """Return `facts` of a journal of `version` as this version would have written them.

    Raise LookupError, TypeError, ValueError or ArithmeticError for what that version never wrote.
    """
    for upgrade in _UPGRADES[version - 1 :]:
        facts = upgrade(facts)
    return facts
