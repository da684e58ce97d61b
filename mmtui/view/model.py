"""What the cockpit knows and what the trader chose to look at: everything that rows are made from.

Rules of this file: plain data and look-ups, no Textual; tui/store.py is the only one that changes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mmtui.core.market.instrument import Instrument
from mmtui.link.messages import Frame, Item, Params, Welcome
from mmtui.link.parts import BookView, InstrumentView, OwnOrder, PlanView, VenueView
from mmtui.view.formats import Scale, short_names
from mmtui.view.heat_history import Heat
from mmtui.view.pnl_history import PartLines
from mmtui.view.rows import Row

SCREENS = ("desk", "heat", "orders", "risk", "pnl", "venues", "parameters", "why", "log")


@dataclass(slots=True)
class Echo:
    """A command on its way: requested, then acknowledged or refused; a kill is proven later."""

    id: str
    action: str
    label: str
    sent: float  # monotonic
    state: str = "requested"  # requested | done | refused | lost
    text: str = ""
    ms: float = 0.0
    version: int = 0


@dataclass(slots=True)
class Ask:
    """A question in the docked bar. `typed`: it wants a text (a reason, a time), else Enter alone."""

    action: str
    title: str
    lines: list[str]
    opened: float
    typed: bool = False
    ready: float = 0.0  # monotonic: Enter counts from here; 0: not written out yet
    until: float = 0.0
    hint: str = ""


@dataclass(slots=True)
class Notice:
    text: str
    role: str
    until: float


@dataclass(slots=True)
class Model:
    """The cockpit's state."""

    welcome: Welcome | None = None
    frame: Frame | None = None
    frame_at: float = 0.0  # monotonic arrival of the frame
    now: float = 0.0  # monotonic, set before rows are made
    link: str = "connecting"  # connecting | up | lost
    link_since: float = 0.0
    link_why: str = ""
    operator: str = ""
    observe: bool = False
    items_n: int = 0
    fills: list[Item] = field(default_factory=list)  # newest last
    alerts: list[Item] = field(default_factory=list)
    log: list[Item] = field(default_factory=list)
    order_log: list[Item] = field(default_factory=list)  # orders accepted, amended, cancelled, rejected
    echoes: list[Echo] = field(default_factory=list)
    notice: Notice | None = None
    ask: Ask | None = None
    flash: str = ""
    flash_until: float = 0.0
    # what the trader chose to look at
    screen: str = "desk"
    selected: int = 0
    marked: int = 0  # order id
    scroll: int = 0
    filter: str = ""  # rows of the pages orders, parameters and log must hold it
    sort: str = ""  # of the blotters: by what; "": orders by price, fills by time
    bookmarks: list[int] = field(default_factory=list)  # of the replayed session: instants, ns
    line: str = ""  # what goes over the terminal's line, while that is shown
    thin: bool = False  # the line is so thin that the desk shows fewer panels
    muted_until: float = 0.0  # monotonic: until then this terminal is silent, but for a kill
    heard: int = 0  # alerts up to this number of the lossless lane are acknowledged
    steps: dict[str, int] = field(default_factory=dict)  # base -> price step in UNITs
    tops: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # base -> (step, rows, top row's price / step)
    adjust: bool | None = None  # Σ over all, adjusted by basis; None: only where nothing else can be added
    cumulative: bool = False
    net: bool = False  # the ladder's prices hold the taker fee: what a taker pays and gets
    params: Params | None = None  # of the selected instrument, while its page is looked at
    param: int = 0  # the row that the cursor stands on
    part_lines: PartLines = field(default_factory=PartLines)
    heat: Heat = field(default_factory=Heat)
    heat_span: int = 1  # seconds a column
    heat_sum: bool = False  # all markets of the asset, on the selected one's prices
    heat_rows: tuple[object, list[Row]] = ((), [])  # the last picture, and what it was made for
    shades: bool = False  # the terminal has no colours for half blocks
    # look-ups, made from welcome and frame
    scales: dict[str, Scale] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    books: dict[str, BookView] = field(default_factory=dict)
    views: dict[str, InstrumentView] = field(default_factory=dict)
    venues: dict[str, VenueView] = field(default_factory=dict)

    @property
    def instruments(self) -> list[Instrument]:
        return self.welcome.instruments if self.welcome else []

    @property
    def instrument(self) -> Instrument | None:
        """The selected instrument."""
        table = self.instruments
        return table[self.selected % len(table)] if table else None

    @property
    def replaying(self) -> bool:
        return self.welcome is not None and self.welcome.mode == "REPLAY"

    def view(self) -> InstrumentView | None:
        chosen = self.instrument
        return self.views.get(chosen.id) if chosen else None

    def family(self) -> list[Instrument]:
        """Instruments of the selected one's base asset, in the order of the table: the ladder's columns."""
        chosen = self.instrument
        return [i for i in self.instruments if chosen and i.base == chosen.base]

    def looked_at(self) -> list[str]:
        """Instruments whose whole books are on the screen."""
        if self.screen == "desk" or (self.screen == "heat" and self.heat_sum):
            return [item.id for item in self.family()]
        chosen = self.instrument
        return [chosen.id] if chosen is not None and self.screen == "heat" else []

    def orders(self, instrument: str | None = None) -> list[OwnOrder]:
        """Own orders, of one instrument or all, dearest first."""
        orders = self.frame.orders if self.frame else []
        kept = [o for o in orders if instrument is None or o.instrument == instrument]
        return sorted(kept, key=lambda o: (o.instrument, -o.px, o.oid))

    def unheard(self) -> list[Item]:
        """Alerts that warn and that nobody here has acknowledged."""
        return [item for item in self.alerts if item.n > self.heard and item.severity != "info"]

    def plan(self, kind: str, scope: str = "") -> PlanView | None:
        plans = self.frame.plans if self.frame else []
        for plan in plans:
            if plan.kind == kind and (not scope or plan.scope == scope):
                return plan
        return None

    def name(self, instrument: str) -> str:
        """Short name of an instrument: its venue where the desk has one market of the asset there, else with symbol."""
        return self.names.get(instrument, instrument)

    def label(self, instrument: str) -> str:
        """Its short name, with the asset where the desk has more than one."""
        name = self.names.get(instrument, instrument)
        item = self.scales.get(instrument)
        return f"{name} {item.base}" if item is not None and self.assets > 1 else name

    @property
    def assets(self) -> int:
        """How many base assets the desk has."""
        return len({i.base for i in self.instruments})

    def welcomed(self, welcome: Welcome) -> None:
        """Make the look-ups of a host's instrument table."""
        self.welcome = welcome
        self.scales = {i.id: Scale(i) for i in welcome.instruments}
        venues = short_names(welcome.venues)
        self.names = dict(venues)
        for item in welcome.instruments:
            self.names[item.id] = venues.get(item.venue, item.venue)

    def framed(self, frame: Frame, now: float) -> None:
        """Make the look-ups of a frame."""
        self.frame, self.frame_at = frame, now
        self.books = {b.id: b for b in frame.books}
        self.views = {v.id: v for v in frame.instruments}
        self.venues = {v.id: v for v in frame.venues}
        self.heat.frame(frame, self.views)
        self.part_lines.frame(frame.ts, frame.pnl)

    def frame_age_ms(self) -> float:
        """Age of the newest frame on this side of the socket."""
        return (self.now - self.frame_at) * 1_000 if self.frame else -1.0
