"""The page of venues: connections, books, fees, the host, the last commands given here.

Rules of this file: rows only.
"""

from __future__ import annotations

from mmtui.view import formats as fmt
from mmtui.view import guards
from mmtui.view.inventory import age_of
from mmtui.view.keys import echo_text
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, rule, scrolled
from mmtui.view.tables import Col, table
from mmtui.view.transport import near_marks

#: What a code of an alert must begin with to count as an error of a venue.
_ERRORS = ("warn", "danger")


def page(model: Model, cells: int, height: int) -> list[Row]:
    rows = [*connections(model, cells), *guards.rows(model, cells), (), *latencies(model, cells), ()]
    rows += [*books(model, cells), (), *fees(model, cells), *_rest(model, cells)]
    return scrolled(rows, model.scroll, cells, height)


def connections(model: Model, cells: int) -> list[Row]:
    """A row a venue: its link, the age of its data, what went wrong, what is sent."""
    columns = (
        Col("venue", 16, left=True), Col("link", 6, left=True), Col("age", 6), Col("messages", 12, keep=1),
        Col("gaps", 6, keep=1), Col("resyncs", 8), Col("damaged", 8, keep=2), Col("alerts", 7, keep=1),
        Col("orders/s", 9), Col("own orders", 11, keep=2), Col("orders go to", 12, keep=3, left=True),
        Col("dead man's switch", 20, keep=2, left=True),
    )  # fmt: skip
    lines: list[list[Span]] = []
    for venue in model.frame.venues if model.frame else []:
        mine = {i.id for i in model.instruments if i.venue == venue.id}
        views = [model.views[i] for i in mine if i in model.views]
        gaps, alerts = sum(v.gaps for v in views), _alerts(model, venue.id, mine)
        state, role = ("ENDED", "warn") if venue.ended else ("up", "ok") if venue.connected else ("DOWN", "danger")
        lines.append(
            [
                (venue.id, "text"), (state, role),
                (fmt.calm_age(venue.age_ms), "dim" if venue.age_ms < 2_000 else "danger"),
                (f"{sum(v.messages for v in views):,}", "text"), _count(gaps), _count(venue.resyncs),
                _count(venue.damaged), _count(alerts), (f"{venue.orders_s:.0f}", "text"),
                (str(sum(v.open_orders for v in views)), "text"), (venue.execution, "dim"),
                (venue.dead_man, "danger" if venue.dead_man == "UNBOUNDED" else "dim"),
            ]
        )  # fmt: skip
    return [rule("venues · orders/s is of the last second, the rest of this session", cells, age_of(model)),
            *table(columns, lines, cells)]  # fmt: skip


def _count(number: int) -> Span:
    return f"{number:,}", "warn" if number else "dim"


def _alerts(model: Model, venue: str, mine: set[str]) -> int:
    """Warnings and dangers about a venue, of those that are kept."""
    return sum(
        1 for item in model.alerts if item.severity in _ERRORS and (item.instrument in mine or venue in item.text)
    )


def latencies(model: Model, cells: int) -> list[Row]:
    """A row a venue: how late its data is, how long an order takes, how its clock stands."""
    columns = (
        Col("venue", 16, left=True), Col("feed p50", 9), Col("feed p99", 9), Col("order p50", 9), Col("order p99", 9),
        Col("clock", 10), Col("± error", 8, keep=1),
    )  # fmt: skip
    lines: list[list[Span]] = []
    for venue in model.frame.venues if model.frame else []:
        pairs = (venue.feed_ms, venue.order_ms)
        told = [fmt.number(value, 1) if pair else "n/a" for pair in pairs for value in pair or (0.0, 0.0)]
        offset, error = venue.clock_ms or (0.0, 0.0)
        clock = [fmt.signed(offset, 1), fmt.number(error, 1)] if venue.clock_ms else ["n/a", "n/a"]
        lines.append([(venue.id, "text"), *((text, "dim" if text == "n/a" else "text") for text in [*told, *clock])])
    said = "latency, ms · feed: venue to here, order: sent to accepted, clock: the venue's less ours"
    head = rule(said if cells >= 100 else "latency, ms: feed, orders, clock less ours", cells)
    return [head, *table(columns, lines, cells)]


def books(model: Model, cells: int) -> list[Row]:
    """A row an instrument: its book and what is known of it."""
    columns = (
        Col("instrument", 26, left=True), Col("book", 12, left=True), Col("age", 6), Col("messages", 12, keep=1),
        Col("gaps", 6, keep=1), Col("spread bps", 11), Col("levels", 7, keep=3), Col("best bid", 14, keep=2),
        Col("best ask", 14, keep=2), Col("quoted", 7, keep=2), Col("fair value", 14, keep=3),
        Col("of", 10, keep=3, left=True),
    )  # fmt: skip
    lines: list[list[Span]] = []
    doubted = {venue.id for venue in model.frame.venues if venue.unverified} if model.frame else set()
    for item in model.instruments:
        book, view, scale = model.books.get(item.id), model.views.get(item.id), model.scales[item.id]
        state = book.state if book else "no book"
        role = "ok" if state == "ok" else "danger"
        if state == "ok" and item.venue in doubted:
            state, role = "unverified", "warn"
        bid, ask = (book.bids[0].px if book.bids else 0, book.asks[0].px if book.asks else 0) if book else (0, 0)
        spread = f"{(ask - bid) / (ask + bid) * 20_000:.2f}" if bid and ask else "n/a"
        fair = fmt.price(round(view.fair * fmt.UNIT), scale.decimals + 1) if view and view.fair else "n/a"
        lines.append(
            [
                (item.id, "hot" if item is model.instrument else "text"), (state, role),
                (fmt.calm_age(book.age_ms) if book else "n/a", "dim"),
                (f"{view.messages:,}" if view else "n/a", "text"), _count(view.gaps if view else 0), (spread, "text"),
                (f"{book.levels:,}" if book else "0", "dim"),
                (scale.price(bid) if bid else "none", "bid"), (scale.price(ask) if ask else "none", "ask"),
                (fmt.percent(view.uptime) if view else "n/a", "text"), (fair, "bright"),
                (view.fair_kind if view else "", "dim"),
            ]
        )  # fmt: skip
    return [rule("books", cells), *table(columns, lines, cells)]


def fees(model: Model, cells: int) -> list[Row]:
    """What trading costs and in which steps, by instrument."""
    columns = (
        Col("instrument", 26, left=True), Col("maker bps", 10), Col("taker bps", 10), Col("tick", 10), Col("lot", 10),
        Col("contract", 9, keep=2), Col("kind", 8, keep=1, left=True), Col("quoted in", 9, keep=2, left=True),
        Col("steps from", 12, keep=3, left=True),
    )  # fmt: skip
    lines: list[list[Span]] = []
    for item in model.instruments:
        plain = (item.tick, item.lot, item.contract_size, item.kind, item.quote, item.grid)
        role = "hot" if item is model.instrument else "text"
        cost = [(item.maker_bps, "text"), (item.taker_bps, "text")]
        lines.append([(item.id, role), *cost, *((text, "dim") for text in plain)])
    return [rule("fees and steps", cells), *table(columns, lines, cells)]


def _rest(model: Model, cells: int) -> list[Row]:
    """The host, the tape's marks in a replay, the last commands given here."""
    frame = model.frame
    rows: list[Row] = []
    if frame is not None:
        who = ", ".join(clean(o) for o in frame.operators) or "n/a"
        text = f" loop lag {frame.loop_lag_ms:.1f} ms · cockpits {frame.cockpits} · operators {who}"
        rows += [(), rule("host", cells), clip([(text, "text")], cells)]
        if model.welcome:
            rows.append(clip([(f" session {model.welcome.session}", "dim")], cells))
        if frame.replay is not None:
            rows += [(), rule("marks near here", cells), *near_marks(frame.replay, cells, 12, model.bookmarks)]
    if model.echoes:
        rows += [(), rule("last commands from here", cells)]
        for echo in reversed(model.echoes[-12:]):
            text, role = echo_text(echo)
            rows.append(clip([(" " + clean(text), role)], cells))
    return rows
