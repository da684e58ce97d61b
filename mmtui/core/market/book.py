"""The order book of one instrument: depth book, best-quote overlay, validity.

Rules of this file: integer ticks and lots only; the depth book changes by snapshots and deltas alone, a best quote
never touches it; invalid means that nothing may be quoted from it, whatever it holds.

Layout: a dict price -> size a side keeps the full depth; a short sorted list (the window) keeps the prices nearest to
the touch, so that the best price and the top levels cost no search, and deep changes cost one dict write.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot

#: Prices kept sorted a side; refilled when fewer than LOW remain, cut when more than HIGH.
LOW, FILL, HIGH = 32, 256, 640


class Side:
    """One side of a book. Prices are stored times `sign` (+1 bids, -1 asks): the best is always the greatest key."""

    __slots__ = ("sign", "sizes", "keys", "edge")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.sizes: dict[int, int] = {}  # signed price -> lots
        self.keys: list[int] = []  # signed prices >= edge, ascending: the best is last
        self.edge = -(1 << 62)

    def clear(self) -> None:
        self.sizes.clear()
        self.keys.clear()
        self.edge = -(1 << 62)

    def load(self, prices: list[int], sizes: list[int]) -> None:
        """Replace everything (a later duplicate price wins)."""
        sign = self.sign
        self.sizes = {sign * p: q for p, q in zip(prices, sizes, strict=True) if q > 0}
        self._refill()

    def apply(self, prices: list[int], sizes: list[int]) -> None:
        """Absolute sizes; 0 removes."""
        book, keys, edge = self.sizes, self.keys, self.edge
        if self.sign < 0:
            prices = [-price for price in prices]
        pop = book.pop
        if len(prices) != len(sizes):
            raise ValueError(f"{len(prices)} prices with {len(sizes)} sizes")
        for key, size in zip(prices, sizes):  # noqa: B905 - mypyc makes a loop over integers of it
            if size > 0:
                if key >= edge and key not in book:
                    insort(keys, key)
                book[key] = size
            elif pop(key, 0) and key >= edge:
                del keys[bisect_left(keys, key)]
        if len(keys) < LOW or len(keys) > HIGH:
            self._refit()

    def _refit(self) -> None:
        keys = self.keys
        if len(keys) > HIGH:
            del keys[: len(keys) - FILL]
            self.edge = keys[0]
        elif len(keys) < len(self.sizes):
            self._refill()

    def _refill(self) -> None:
        keys = sorted(self.sizes)
        if len(keys) > FILL:
            self.keys = keys[-FILL:]
            self.edge = self.keys[0]
        else:
            self.keys = keys
            self.edge = -(1 << 62)

    def best(self) -> int:
        """Best price in ticks, 0 when the side is empty."""
        keys = self.keys
        return self.sign * keys[-1] if keys else 0

    def size(self, price: int) -> int:
        return self.sizes.get(self.sign * price, 0)

    def top(self, count: int) -> list[tuple[int, int]]:
        """Best `count` levels as (price, size), best first."""
        book, sign, keys = self.sizes, self.sign, self.keys
        if count > len(keys) and len(keys) < len(book):
            keys = sorted(book)
        return [(sign * key, book[key]) for key in keys[: -count - 1 : -1]]

    def behind(self, px: int, lots: int, count: int) -> list[tuple[int, int]]:
        """A best quote first, then the levels that it leaves, `count` together: of eight more it may prove gone."""
        book, sign = self.sizes, self.sign
        levels = [(sign * key, book[key]) for key in self._left(px, count)]
        levels.append((px, lots))
        levels.reverse()
        return levels if count else []

    def lots(self, px: int, lots: int, count: int) -> int:
        """The sum of the sizes of `behind`."""
        book, total = self.sizes, lots
        for key in self._left(px, count):
            total += book[key]
        return total if count else 0

    def _left(self, px: int, count: int) -> list[int]:
        """Keys of the `count` - 1 levels next to a best quote at `px`, the best last."""
        keys = self.keys
        if count + 8 > len(keys) and len(keys) < len(self.sizes):
            keys = sorted(self.sizes)
        end = bisect_left(keys, self.sign * px)
        first = end - count + 1
        least = len(keys) - count - 8
        if first < least:
            first = least
        return keys[first if first > 0 else 0 : end]

    def rescale(self, px: int, sz: int) -> None:
        self.sizes = {key * px: size * sz for key, size in self.sizes.items()}
        self._refill()


def _emptied(quote: BestQuote) -> BestQuote:
    """A price without size is no price: that side is empty."""
    bid, ask = quote.bid_px if quote.bid_sz else 0, quote.ask_px if quote.ask_sz else 0
    q = quote
    return BestQuote(q.ts, q.ts_event, q.i, q.seq, bid, q.bid_sz, ask, q.ask_sz)


class OrderBook:
    """Depth book and best quote of one instrument. Instants are those of the last event that touched it."""

    __slots__ = (
        "bids",
        "asks",
        "valid",
        "why",
        "seq",
        "ts",
        "ts_event",
        "quote_seq",
        "quote",
        "gaps",
        "high_seq",
        "messages",
        "bid",
        "ask",
        "bid_sz",
        "ask_sz",
    )

    def __init__(self) -> None:
        self.bids = Side(+1)
        self.asks = Side(-1)
        self.valid = False
        self.why = "no snapshot"
        self.seq = 0
        self.ts = 0
        self.ts_event = 0
        self.quote_seq = 0
        self.quote: BestQuote | None = None
        self.gaps = 0
        self.high_seq = 0  # greatest update id ever seen
        self.messages = 0
        # the touch: of the depth book or of the best quote, whichever has the greater update id; 0: side empty
        self.bid = self.ask = self.bid_sz = self.ask_sz = 0

    def snapshot(self, event: BookSnapshot) -> None:
        self.bids.load(event.bid_px, event.bid_sz)
        self.asks.load(event.ask_px, event.ask_sz)
        self.valid, self.why = True, ""
        self.seq, self.ts, self.ts_event = event.seq, event.ts, event.ts_event
        self._touch()

    def delta(self, event: BookDelta) -> None:
        if event.bid_px:
            self.bids.apply(event.bid_px, event.bid_sz)
        if event.ask_px:
            self.asks.apply(event.ask_px, event.ask_sz)
        self.seq, self.ts, self.ts_event = event.seq, event.ts, event.ts_event
        self._touch()

    def best_quote(self, event: BestQuote) -> None:
        """A newer best bid and ask; it leads the batched depth until an update with a greater id comes."""
        self.ts = event.ts
        if event.seq > self.quote_seq:
            if not (event.bid_sz and event.ask_sz):
                event = _emptied(event)
            self.quote_seq, self.quote = event.seq, event
            if event.seq > self.seq:
                self.bid, self.bid_sz, self.ask, self.ask_sz = event.bid_px, event.bid_sz, event.ask_px, event.ask_sz

    def invalidate(self, why: str) -> None:
        self.valid, self.why = False, why

    def _touch(self) -> None:
        if self.quote_seq > self.seq:
            return
        bids, asks = self.bids, self.asks
        if bids.keys:
            key = bids.keys[-1]
            self.bid, self.bid_sz = key, bids.sizes[key]
        else:
            self.bid = self.bid_sz = 0
        if asks.keys:
            key = asks.keys[-1]
            self.ask, self.ask_sz = -key, asks.sizes[key]
        else:
            self.ask = self.ask_sz = 0

    @property
    def crossed(self) -> bool:
        return 0 < self.ask <= self.bid

    @property
    def quotable(self) -> bool:
        """Valid, both sides there, not crossed."""
        return self.valid and 0 < self.bid < self.ask

    def mid2(self) -> int:
        """Mid in half ticks; 0 when a side is missing or the book is crossed."""
        return self.bid + self.ask if 0 < self.bid < self.ask else 0

    def top(self, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Best levels of the *depth* book."""
        return self.bids.top(count), self.asks.top(count)

    def display(self, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Best levels with the best quote merged in by id: levels that it proves gone are left out."""
        quote, bids, asks = self.quote, self.bids, self.asks
        if quote is None or quote.seq <= self.seq:
            return bids.top(count), asks.top(count)
        return (
            bids.behind(quote.bid_px, quote.bid_sz, count) if quote.bid_px else bids.top(count),
            asks.behind(quote.ask_px, quote.ask_sz, count) if quote.ask_px else asks.top(count),
        )

    def lots(self, count: int) -> tuple[int, int]:
        """Displayed size of the best levels a side: the sums over `display`."""
        quote, bids, asks = self.quote, self.bids, self.asks
        if quote is None or quote.seq <= self.seq or not (quote.bid_px and quote.ask_px):
            buys, sells = self.display(count)
            return sum([lots for _, lots in buys]), sum([lots for _, lots in sells])
        return bids.lots(quote.bid_px, quote.bid_sz, count), asks.lots(quote.ask_px, quote.ask_sz, count)

    def size_at(self, side: int, price: int) -> int:
        """Displayed size at a price, lots; the best quote's where it is the newer."""
        quote = self.quote
        if quote is not None and quote.seq > self.seq:
            if side > 0:
                if price == quote.bid_px:
                    return quote.bid_sz
                if price > quote.bid_px:
                    return 0
            else:
                if price == quote.ask_px:
                    return quote.ask_sz
                if price < quote.ask_px:
                    return 0
        return (self.bids if side > 0 else self.asks).size(price)

    def rescale(self, px: int, sz: int) -> None:
        """A finer tick or lot: prices times px, sizes times sz."""
        self.bids.rescale(px, sz)
        self.asks.rescale(px, sz)
        if self.quote is not None:
            q = self.quote
            self.quote = BestQuote(
                q.ts, q.ts_event, q.i, q.seq, q.bid_px * px, q.bid_sz * sz, q.ask_px * px, q.ask_sz * sz
            )
        self.bid, self.ask = self.bid * px, self.ask * px
        self.bid_sz, self.ask_sz = self.bid_sz * sz, self.ask_sz * sz
