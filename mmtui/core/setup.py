"""What a desk is made of: everything the engine needs to know before its first event.

It stands in the header of every tape, so a session replays without its config.  Rules of this file: data only.
"""

from __future__ import annotations

import msgspec

from mmtui.core.earn.programme import Obligation
from mmtui.core.hedging.params import Hedge
from mmtui.core.market.instrument import Instrument
from mmtui.core.orders.inplace import Amending
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.calendar import CalendarEvent
from mmtui.core.risk.limits import Limits


class InstrumentSetup(msgspec.Struct, frozen=True, kw_only=True):
    instrument: Instrument
    quoting: Quoting
    profile: str = "default"
    quote: bool = True  # False: shown, not quoted
    target: str = "0"  # base units (contracts on inverse); on spot: above the baseline
    max_position: str = "0"  # 0: 20 x size
    max_order: str = "0"  # largest order, in the units of max_position; 0: as large as the other limits let it be
    baseline: str = "0"  # spot: the treasury that is not inventory


class PaperSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The paper venue's numbers (desk rules): latency in and out with jitter, and how unexplained decreases count."""

    latency_in_ms: float = 5.0
    latency_out_ms: float = 5.0
    jitter_ms: float = 2.0
    model: str = "pessimistic"  # pessimistic | optimistic


class DeskSetup(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    mode: str  # demo | paper | shadow | live
    currency: str
    equity: str  # in currency: what percentages of limits refer to
    instruments: list[InstrumentSetup]
    venues: list[str]  # in the order of `v`
    limits: Limits = Limits()
    profiles: dict[str, Quoting] = {}
    paper: PaperSetup = PaperSetup()
    autostart: bool = False
    seed: int = 1
    #: A create that was not answered may land for so long (request expiry + clock error + index lag), by venue;
    #: [] means 2 s each. A venue without request expiry needs a long one.
    landing_ms: list[int] = []
    #: Orders and positions are compared with the venue's so often (live desks; 0: only after a restart or reconnect).
    reconcile_s: float = 0.0
    obligations: list[Obligation] = []
    venue_equity: list[str] = []  # what each venue's account holds, in currency; [] or "0": the desk's equity
    events: list[CalendarEvent] = []  # of the calendar
    amends: dict[str, Amending] = {}  # venue -> how it changes orders in place; one that is not named does not
    hedges: dict[str, Hedge] = {}  # asset -> its hedger's parameters; an asset without is not hedged

    def index(self, instrument_id: str) -> int:
        """Place of an instrument in the table, -1 when it is not there."""
        for i, item in enumerate(self.instruments):
            if item.instrument.id == instrument_id:
                return i
        return -1
