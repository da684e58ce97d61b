"""What the fake desk says about how it earns."""

from __future__ import annotations

from mmtui.link.earned import DepthWithin, EarnView, LineView, MarkoutPoint, ObligationView


def earned(name: str, at: int) -> EarnView:
    """How an instrument earns: one that trades, one that does not, one whose book is not known far enough."""
    traded = at == 1
    curve = [(0.1, 1.2, 0.31, 240), (1, 0.6, 0.35, 239), (5, 0.3, 0.4, 236), (30, -0.1, 0.8, 220), (60, -0.9, 0.8, 201)]
    points = [MarkoutPoint(s, m, ci, n) if traded else MarkoutPoint(s, None, None, 0) for s, m, ci, n in curve]
    one = [MarkoutPoint(0.1, 1.0, None, 1), *(MarkoutPoint(s, None, None, 0) for s in (1, 5, 30, 60))]
    return EarnView(
        id=name, markouts=points, markouts_bid=points, markouts_ask=one if traded else points,
        fill_ratio=0.083 if traded else None, fill_ratio_bid=0.09, fill_ratio_ask=0.07,
        quote_to_trade=23.4 if traded else None, half_life_s=184.0 if traded else None,
        volume_share=0.0123 if traded else None, best_bid=0.41, best_ask=0.38,
        spread_pct=(0.002, 0.0002, 0.35)[at],
        depths=[
            DepthWithin(0.1, 3.2e6, 2.9e6, True),
            DepthWithin(1.0, 2.2e7, 2.4e7, at != 2),
            DepthWithin(2.0, 2.5e7, 2.6e7, False),
        ],
        known_pct=(1.9, 1.2, 0.25)[at], own_share=0.004, healthy=(True, True, False)[at],
        why=("", "", "spread 0.350 % is not under 0.3 %")[at],
        resilience_bid_s=0.8 if traded else None, resilience_ask_s=None,
    )  # fmt: skip


def obliged(name: str, **more: object) -> ObligationView:
    fields = {"active": True, "inside": True, "why": "", "held": 700, "taken": 720, "elapsed": 720, "total": 1_440}
    fields |= {"required": 1_296, "rest": 0.828, "keep": name == "Alpha MM", **more}
    return ObligationView(name=name, earned=fields["held"] / fields["elapsed"], **fields)


def programmes() -> list[ObligationView]:
    """One inside, one lost, one of another day."""
    return [
        obliged("Alpha MM", inside=True),
        obliged("Launch pool", inside=False, why="sim-usdm:BTCUSDT: spread 12.4 of 10 bps", held=300, rest=1.4),
        obliged("Winter", active=False, inside=False, why="not measured yet", held=0, taken=0, rest=0.9),
    ]


def lines_of(name: str) -> list[LineView]:
    """Sides and levels of one instrument."""
    rows = [
        ("quote", 1, 0, "812.40", {"spread": "955.70", "inventory": "-201.07", "fees": "57.77"}),
        ("quote", -1, 1, "-44.10", {"spread": "12.00", "inventory": "-56.10"}),
        ("carry", 0, 0, "3.20", {"funding": "3.20"}),
    ]
    return [LineView(instrument=name, purpose=p, side=s, level=n, total=t, parts=parts) for p, s, n, t, parts in rows]
