"""Risk zones: green, amber, red; by hand, or by the worst of a few rules, each left later than it is entered.

Rules of this file: pure; what a rule measures comes from zone_side.py.
"""

from __future__ import annotations

from math import isfinite

#: Rules that zone_rules may name, and what their two bounds (amber, red) are in.
KINDS: dict[str, str] = {
    "inventory": "share of the position limit",
    "loss": "share of the daily loss limit",
    "drawdown": "share of the drawdown limit",
    "spread": "bps between the best bid and ask of others",
    "age": "seconds since the venue last spoke of this market",
    "latency": "ms by which its messages come late",
    "depeg": "bps of a dollar of its quote or settlement currency from another's",
}
#: A zone that a rule has chosen is left at this share of the bound that it is entered at.
LEAVE = 0.8
VOLATILITY = "volatility"
ZONES = ("green", "amber", "red")
Rule = tuple[str, float, float]


def rules(text: str) -> tuple[Rule, ...]:
    """The rules of "inventory:0.5/0.8, spread:10/30". ValueError is a sentence about what is wrong."""
    out: list[Rule] = []
    for part in text.split(",") if text.strip() else ():
        kind, colon, bounds = part.strip().partition(":")
        first, slash, second = bounds.partition("/")
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no rule; there are {', '.join(KINDS)}")
        try:
            amber, red = float(first), float(second)
        except ValueError:
            raise ValueError(f"{part.strip()!r} is no NAME:AMBER/RED") from None
        if not (colon and slash and isfinite(amber) and isfinite(red) and 0.0 < amber <= red):
            raise ValueError(f"the bounds of {kind} are not above 0 with amber no higher than red")
        if kind in [one[0] for one in out]:
            raise ValueError(f"{kind} stands twice")
        out.append((kind, amber, red))
    return tuple(out)


def names(text: str) -> tuple[str, ...]:
    """Rules that a text names, right or wrong."""
    return tuple(part.strip().partition(":")[0] for part in text.split(","))


class Zones:
    """The zone that each rule of one instrument asks for."""

    __slots__ = ("asked", "rules")

    def __init__(self, text: str, last: Zones | None) -> None:
        self.rules = rules(text)
        kept = last.asked if last is not None else {}
        named = [VOLATILITY, *(kind for kind, _, _ in self.rules)]
        self.asked: dict[str, str] = {kind: kept.get(kind, "green") for kind in named}

    def measured(self, kind: str, value: float, amber: float, red: float) -> None:
        """What a rule measures now; the zone that it has chosen is left at 80 % of its bound."""
        now = self.asked[kind]
        red *= LEAVE if now == "red" else 1.0
        amber *= LEAVE if now in ("red", "amber") else 1.0
        self.asked[kind] = "red" if value >= red else "amber" if value >= amber else "green"

    def worst(self) -> tuple[str, str]:
        """The zone in force, and the first rule that asks for it; ("green", "") when none asks."""
        kind = max(self.asked, key=lambda one: ZONES.index(self.asked[one]))
        zone = self.asked[kind]
        return zone, kind if zone != "green" else ""

    def digest(self) -> tuple[object, ...]:
        return tuple(self.asked.items())
