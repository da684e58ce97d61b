"""Frames of a desk that is not there: three moving markets, the same for the same seed."""

from __future__ import annotations

import random

from fakeearn import earned, lines_of, programmes

from mmtui.core.market.instrument import Instrument
from mmtui.link.messages import Frame, Welcome
from mmtui.link.parts import (
    AssetView,
    BookView,
    Gauge,
    InstrumentView,
    Level,
    OwnOrder,
    PlanView,
    PnlView,
    Print,
    Step,
    TripRow,
    TripView,
    VenueView,
)
from mmtui.link.replayed import Mark, ReplayView

S = 1_000_000_000
START = 1_763_647_402 * S


def instrument(venue: str, symbol: str, kind: str, base: str, **more: str) -> Instrument:
    quote = "USD" if kind == "inverse" else "USDT"
    return Instrument(
        id=f"{venue}:{symbol}",
        venue=venue,
        symbol=symbol,
        kind=kind,
        base=base,
        quote=quote,
        settle=base if kind == "inverse" else quote,
        simulated=True,
        **more,
    )


INSTRUMENTS = [
    instrument("sim-spot", "BTCUSDT", "spot", "BTC", tick="0.01", lot="0.00001", maker_bps="10", taker_bps="10"),
    instrument("sim-usdm", "BTCUSDT", "linear", "BTC", tick="0.1", lot="0.001", maker_bps="2", taker_bps="4"),
    instrument("sim-coinm", "BTCUSD_PERP", "inverse", "BTC", tick="0.1", lot="1", contract_size="100", maker_bps="2"),
]
VENUES = ["sim-spot", "sim-usdm", "sim-coinm"]


def welcome(mode: str = "DEMO", role: str = "operator") -> Welcome:
    return Welcome(
        protocol=1,
        name="demo",
        mode=mode,
        session="demo-20261120T140000-ab12",
        role=role,
        currency="USDT",
        instruments=INSTRUMENTS,
        venues=VENUES,
        simulated=mode == "DEMO",
        profiles=["default"],
    )


class FrameMaker:
    """Frames of a desk; the same for the same seed."""

    def __init__(self, seed: int = 7, mode: str = "DEMO") -> None:
        self.rng = random.Random(seed)
        self.mode = mode
        self.ts = START
        self.mid = 61_660.05
        self.state = "RUNNING"
        self.state_since = START - 2_467 * S
        self.version = 1
        self.spread = 1.0
        self.skew_op = 0.0
        self.position = -0.792
        self.total = 1_284.1
        self.history = [1_000 + 40 * self.rng.random() * i**0.4 for i in range(240)]
        self.trip: TripView | None = None
        self.playing = True
        self.obligations = programmes()
        self.at = START + 90 * S

    def tick(self, rng_move: bool = True) -> Frame:
        """A tenth of a second later."""
        self.ts += S // 10
        if rng_move:
            self.mid = round(self.mid + self.rng.gauss(0, 0.6), 2)
            self.history = [*self.history[-239:], self.history[-1] + self.rng.gauss(1, 8)]
        if self.mode == "REPLAY" and self.playing:
            self.at += S // 10
        return self.frame()

    def book(self, at: int) -> BookView:
        item = INSTRUMENTS[at]
        tick = float(item.tick)
        basis = (0.0, -0.35, 2.1)[at]
        rng = random.Random(int(self.mid * 20) * 7 + at)
        best = int((self.mid + basis) / tick)
        lot = float(item.lot)
        unit = (0.2, 1.6, 900.0)[at] / lot if item.kind != "inverse" else 400
        gaps = [max(1, int(rng.expovariate(1) * (12, 2, 4)[at])) for _ in range(160)]

        def side(sign: int) -> list[Level]:
            px, out = (best if sign < 0 else best + max(1, int(0.1 / tick))), []
            for gap in gaps[:80]:
                out.append(Level(px, max(1, int(rng.expovariate(1 / unit)))))
                px += sign * gap
            return out

        bids, asks = side(-1), side(1)
        prints = [Print(self.ts - 300_000_000, asks[0].px, 12, 1)] if rng.random() < 0.4 else []
        return BookView(
            id=item.id, valid=True, state="ok", age_ms=(31, 4, 6)[at], seq=1, bids=bids, asks=asks, prints=prints
        )

    def orders(self) -> list[OwnOrder]:
        if self.state != "RUNNING":
            return []
        out = []
        tick = float(INSTRUMENTS[1].tick)
        half = self.mid * self.spread / 20_000
        for level in range(2):
            for side in (1, -1):
                px = int((self.mid - side * (half + level * 3.1) - 0.4) / tick)
                out.append(
                    OwnOrder(
                        oid=10 + level * 2 + (side > 0),
                        instrument=INSTRUMENTS[1].id,
                        side=side,
                        px=px,
                        sz=50,
                        left=50,
                        ahead=(0, 120)[level],
                        state="LIVE",
                        purpose="quote",
                        level=level,
                        age_ms=4_200,
                        fill_probability=(0.62, -1.0)[level],
                    )
                )
        return out

    def views(self) -> list[InstrumentView]:
        out = []
        for at, item in enumerate(INSTRUMENTS):
            fair = self.mid + 0.02
            half = fair * self.spread / 20_000
            lean = -0.41
            tick = float(item.tick)
            ask, bid = fair + lean + half, fair + lean - half
            quoting = self.state == "RUNNING"
            ask_px, bid_px = -int(-ask // tick), int(bid // tick)
            out.append(
                InstrumentView(
                    id=item.id,
                    state=self.state,
                    fair=fair,
                    fair_kind="micro",
                    spread_bps=self.spread,
                    base_spread_bps=1.0,
                    skew_bps=-0.07 + self.skew_op,
                    operator_spread_bps=self.spread - 1.0,
                    operator_skew_bps=self.skew_op,
                    operator_size_pct=0.0,
                    offsets_owner="op1 12 s" if self.spread != 1.0 else "",
                    wide=False,
                    reduce=False,
                    reason_bid="" if quoting else self.state.lower(),
                    reason_ask="" if quoting else self.state.lower(),
                    why_bid=[
                        Step("fair", fair, fair),
                        Step("skew", lean, fair + lean),
                        Step("half spread", -half, bid),
                        Step("down to tick", bid_px * tick - bid, bid_px * tick),
                    ],
                    why_ask=[
                        Step("fair", fair, fair),
                        Step("skew", lean, fair + lean),
                        Step("half spread", half, ask),
                        Step("up to tick", ask_px * tick - ask, ask_px * tick),
                    ],
                    quote_bid=bid_px if quoting else 0,
                    quote_ask=ask_px if quoting else 0,
                    position=("1.204", str(self.position), "0")[at],
                    position_lots=(120_400, -792, 0)[at],
                    baseline="5.0" if at == 0 else "0",
                    target="0",
                    max_position=("3", "1.5", "500")[at],
                    open_orders=len(self.orders()) if at == 1 else 0,
                    unknown_orders=0,
                    avg_price="61640.2" if at < 2 else "",
                    pnl={"total": "10"},
                    markout_bps={"1s": 0.6, "5s": 0.3, "30s": None},
                    bought="3.1",
                    sold="3.9",
                    fills=12,
                    protections=[],
                    uptime=0.97,
                    gaps=at,
                    messages=18_204 + at,
                )
            )
        return out

    def frame(self) -> Frame:
        up = self.state != "KILLED"
        parts = {
            "spread": "1911.40",
            "inventory": "-402.15",
            "basis": "0",
            "fees": "-225.15",
            "rebates": "0",
            "funding": "0",
            "borrow": "0",
            "hedge": "0",
            "slippage": "0",
            "incentives": "0",
            "fx": "0",
        }
        replay = None
        if self.mode == "REPLAY":
            marks = [
                Mark(
                    START + n * 31 * S,
                    ("fill", "alert", "key")[n % 3],
                    ("usdm BUY 0.050", "usdm resynced", "spread +1.0")[n % 3],
                )
                for n in range(1, 11)
            ]
            replay = ReplayView(
                session="desk-1",
                start=START,
                end=START + 330 * S,
                at=self.at,
                playing=self.playing,
                speed=4.0,
                marks=marks,
                last_key="op1 pressed ] spread +1.0",
            )
        return Frame(
            ts=self.ts,
            version=self.version,
            state=self.state,
            state_since=self.state_since,
            state_reason="",
            ended=False,
            books=[self.book(i) for i in range(3)],
            orders=self.orders(),
            instruments=self.views(),
            venues=[
                VenueView(
                    id=v,
                    connected=True,
                    simulated=self.mode == "DEMO",
                    age_ms=8,
                    dead_man="n/a (paper)",
                    ended=False,
                    resyncs=0,
                    damaged=0,
                    orders_s=3.0 * up,
                    execution="paper",
                    feed_ms=(4.2, 31.0),
                    order_ms=(10.1, 12.4) if v != "sim-spot" else None,
                    clock_ms=(-1.8, 0.6) if v == "sim-usdm" else None,
                )
                for v in VENUES
            ],
            assets=[
                AssetView(
                    asset="BTC",
                    delta="0.412",
                    spot="1.204",
                    linear=str(self.position),
                    inverse="0",
                    wallet="0",
                    transit="0",
                    target="0",
                    limit="1.5",
                )
            ],
            gauges=[
                Gauge(
                    name="loss day",
                    scope="desk",
                    share=0.06,
                    text="30 of 500 USDT",
                    level="ok",
                    fires_at="would fire at −500 USDT",
                ),
                Gauge(
                    name="drawdown",
                    scope="desk",
                    share=0.11,
                    text="82 of 750 USDT",
                    level="ok",
                    fires_at="would fire at 750 USDT",
                ),
                Gauge(
                    name="msgs/s", scope="desk", share=0.41, text="21 of 50", level="ok", fires_at="holds creates at 50"
                ),
                Gauge(
                    name="position",
                    scope=INSTRUMENTS[1].id,
                    share=0.74,
                    text="0.79 of 1.5",
                    level="warn",
                    fires_at="reduce only at 1.35",
                ),
            ],
            pnl=PnlView(
                ccy="USDT",
                total=f"{self.total:.2f}",
                parts=parts,
                day=f"{self.total:.2f}",
                drawdown="82.40",
                history=self.history,
                rate_age_ms=0,
            ),
            tasks=[],
            plans=[
                PlanView(
                    kind="flatten",
                    scope="BTC",
                    text="sell 0.412 BTC on usdm",
                    size="0.412",
                    venues=["sim-usdm"],
                    expected_cost="12.70",
                    worst_cost="76.20",
                    ccy="USDT",
                ),
                PlanView(
                    kind="hedge",
                    scope="BTC",
                    text="sell 0.412 on sim-usdm:BTCUSDT at market, at least 58000 (ioc)",
                    size="0.412",
                    venues=["sim-usdm"],
                    expected_cost="12.70",
                    worst_cost="76.20",
                    ccy="USDT",
                    ticket={
                        "instrument": "sim-usdm:BTCUSDT",
                        "side": "sell",
                        "size": "0.412",
                        "price": "market",
                        "type": "ioc",
                    },
                ),
                PlanView(
                    kind="close",
                    scope="desk",
                    text="buy 0.792 on usdm, sell 1.204 on spot",
                    size="1.996",
                    venues=[],
                    expected_cost="41.20",
                    worst_cost="180.00",
                    ccy="USDT",
                ),
            ],
            trip=self.trip,
            replay=replay,
            loop_lag_ms=0.3,
            cockpits=1,
            operators=["op1"],
            earn=[earned(item.id, at) for at, item in enumerate(INSTRUMENTS)],
            lines=lines_of(INSTRUMENTS[1].id),
            obligations=self.obligations,
        )

    def kill(self) -> None:
        self.state, self.state_since, self.version = "KILLED", self.ts, self.version + 1
        self.trip = TripView(
            by="op1",
            at=self.ts,
            scope="desk",
            cause="key ^\\",
            rows=[
                TripRow(
                    venue=v,
                    blocked_us=200,
                    sent_us=1_900 + 500 * n,
                    sent_orders=60,
                    acked_ms=48.0,
                    verified_ms=161.0 if n else -1.0,
                    open_orders=0 if n else 1,
                    unknown=0,
                    text="",
                )
                for n, v in enumerate(VENUES)
            ],
            positions={"sim-usdm:BTCUSDT": "-0.792", "sim-spot:BTCUSDT": "1.204"},
            proven=False,
            next="r resumes with a reason; f flattens Δ (worst ≈ 12.70)",
        )
