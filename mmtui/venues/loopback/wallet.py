"""The account's money at a loopback exchange: spot balances with what is locked, or a futures wallet with positions.

Rules of this file: exact decimals; who may not pay is told by the answer, nothing is sent from here.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.records import ZERO, Order

#: What the account holds in the beginning; dollars of the name that the markets have.
DOLLARS = Decimal(1_000_000)
FUNDS: dict[str, dict[str, Decimal]] = {
    "spot": {"BTC": Decimal(20), "ETH": Decimal(300), "BNB": Decimal(100)},
    "linear": {},  # dollars, of whatever name
    "inverse": {"BTC": Decimal(20), "ETH": Decimal(300)},
}
LEVERAGE = 20
#: Of the notional.
MAINTENANCE = Decimal("0.004")
#: No liquidation price lies beyond.
FARTHEST = Decimal(10) ** 12
BPS = Decimal(10_000)


class Position:
    """Position of a symbol, or one leg of it in hedge mode; `side` is its positionSide."""

    __slots__ = ("entry", "leverage", "lots", "side", "updated")

    def __init__(self, side: str = "BOTH") -> None:
        self.side = side
        self.lots = 0
        self.entry = ZERO
        self.leverage = LEVERAGE
        self.updated = 0


class Wallet:
    """Balances by asset; `locked` is a part of them (spot)."""

    def __init__(self, boards: list[Board]) -> None:
        self.boards = boards
        self.balances: dict[str, Decimal] = {}
        for kind in dict.fromkeys(board.instrument.kind for board in boards):
            self.balances |= FUNDS[kind]
        for board in boards:
            self.balances.setdefault(board.settle if board.futures else board.instrument.quote, DOLLARS)
        self.locked: dict[str, Decimal] = {}
        self.fees_in_quote = False  # spot: of whatever is received
        self.dual = False  # hedge mode: a long and a short leg of each symbol
        self.positions = [Position() for _ in boards]  # in hedge mode the long legs
        self.shorts = [Position("SHORT") for _ in boards]  # hedge mode; lots are not above zero

    def switch(self, dual: bool) -> None:
        """One-way positions, or two legs; with nothing held."""
        self.dual = dual
        for position in self.positions:
            position.side = "LONG" if dual else "BOTH"

    def sides(self, i: int) -> list[Position]:
        """What a symbol may hold."""
        return [self.positions[i], self.shorts[i]] if self.dual else [self.positions[i]]

    def of(self, order: Order) -> Position:
        """What an order changes."""
        return (self.shorts if order.leg == "SHORT" else self.positions)[order.i]

    def net(self, i: int) -> int:
        return sum(position.lots for position in self.sides(i))

    def free(self, asset: str) -> Decimal:
        return self.balances.get(asset, ZERO) - self.locked.get(asset, ZERO)

    def pays_with(self, order: Order) -> tuple[str, Decimal]:
        """Asset and amount that what is left of a spot order needs."""
        board = self.boards[order.i]
        size = board.lot * order.left
        if order.side < 0:
            return board.instrument.base, size
        return board.instrument.quote, size * board.tick * order.limit

    def affords(self, order: Order) -> bool:
        """Whether the account can pay for the order, or has the margin for it."""
        board = self.boards[order.i]
        if not board.futures:
            asset, amount = self.pays_with(order)
            return self.free(asset) >= amount
        position = self.of(order)
        if order.reduce_only or position.lots * order.side < 0:
            return True
        notional = board.worth(board.tick * (order.limit or board.book.ask), order.left)
        return self.available(board.settle) >= notional / position.leverage

    def lock(self, order: Order) -> None:
        """A spot order rests."""
        if not self.boards[order.i].futures:
            asset, order.locked = self.pays_with(order)
            self.locked[asset] = self.locked.get(asset, ZERO) + order.locked

    def unlock(self, order: Order) -> None:
        """... has ended, or has traded a part."""
        if order.locked:
            board = self.boards[order.i]
            asset = board.instrument.quote if order.side > 0 else board.instrument.base
            self.locked[asset] = max(ZERO, self.locked.get(asset, ZERO) - order.locked)
            order.locked = ZERO

    def book(self, order: Order, px: int, sz: int, maker: bool, now: int) -> tuple[Decimal, str, Decimal]:
        """An execution: fee and its asset, realised profit. A spot fee is taken from what is received, or in quote."""
        board = self.boards[order.i]
        instrument = board.instrument
        size, price = board.lot * sz, board.tick * px
        money = board.worth(price, sz)
        rate = Decimal(instrument.maker_bps if maker else instrument.taker_bps)
        quote = instrument.quote
        if not board.futures:
            in_base = order.side > 0 and not self.fees_in_quote
            received = (instrument.base, size) if in_base else (quote, money)
            fee = (received[1] * rate / BPS).quantize(Decimal("1e-8"))
            self._add(instrument.base, order.side * size)
            self._add(quote, -order.side * money)
            self._add(received[0], -fee)
            return fee, received[0], ZERO
        fee = (money * rate / BPS).quantize(Decimal("1e-8"))
        realised = self._move(board, self.of(order), order.side * sz, price, now)
        self._add(board.settle, realised - fee)
        return fee, board.settle, realised

    def _add(self, asset: str, amount: Decimal) -> None:
        self.balances[asset] = self.balances.get(asset, ZERO) + amount

    def move(self, asset: str, amount: Decimal) -> None:
        """A transfer, funding, or anything else that is not a trade."""
        self._add(asset, amount)

    def _move(self, board: Board, position: Position, lots: int, price: Decimal, now: int) -> Decimal:
        """Profit that a change of the position realises; the rest changes its entry price."""
        before = position.lots
        position.updated = now
        realised = ZERO
        if before * lots < 0:
            closed = min(abs(before), abs(lots))
            sign = 1 if before > 0 else -1
            realised = board.gain(position.entry, price, closed * sign).quantize(Decimal("1e-8"))
            if abs(lots) > abs(before):
                position.entry = price
        else:
            total = abs(before) + abs(lots)
            if board.instrument.kind == "inverse" and before:
                position.entry = total / (abs(before) / position.entry + abs(lots) / price)
            else:
                position.entry = (position.entry * abs(before) + price * abs(lots)) / total
        position.lots += lots
        if not position.lots:
            position.entry = ZERO
        return realised

    # -- futures -------------------------------------------------------------------------------------------------

    def unrealised(self, i: int, position: Position) -> Decimal:
        board = self.boards[i]
        if not position.lots:
            return ZERO
        return board.gain(position.entry, Decimal(board.mark_text), position.lots)

    def notional(self, i: int, position: Position) -> Decimal:
        return self.boards[i].worth(Decimal(self.boards[i].mark_text), position.lots)

    def margin(self, i: int, position: Position) -> Decimal:
        return abs(self.notional(i, position)) / self.positions[i].leverage

    def maintenance(self, i: int, position: Position) -> Decimal:
        """What a position needs to be kept."""
        return abs(self.notional(i, position)) * MAINTENANCE

    def kept(self, asset: str) -> Decimal:
        """... all of an asset."""
        return sum((self.maintenance(i, one) for i, one in self.settled_in(asset) if one.lots), ZERO)

    def liquidation(self, i: int) -> Decimal:
        """The price of a symbol at which wallet + unrealised = maintenance, every other price as it is; 0: none."""
        board, sides = self.boards[i], [one for one in self.sides(i) if one.lots]
        if not sides:
            return ZERO
        left = self.balances.get(board.settle, ZERO)
        for at, one in self.settled_in(board.settle):
            if at != i and one.lots:
                left += self.unrealised(at, one) - self.maintenance(at, one)
        size = sum((board.size(one.lots) for one in sides), ZERO)
        needs = sum((abs(board.size(one.lots)) for one in sides), ZERO) * MAINTENANCE
        if board.instrument.kind == "inverse":
            over = size + needs
            under = left + sum((board.size(one.lots) / one.entry for one in sides), ZERO)
        else:
            over = sum((board.size(one.lots) * one.entry for one in sides), ZERO) - left
            under = size - needs
        price = over / under if under else ZERO
        return price if 0 < price < FARTHEST else ZERO

    def held(self) -> list[tuple[int, Position]]:
        """Every position and leg with the place of its symbol."""
        return [(i, position) for i in range(len(self.boards)) for position in self.sides(i)]

    def settled_in(self, asset: str) -> list[tuple[int, Position]]:
        """What is held on boards whose margin is in an asset."""
        return [(i, position) for i, position in self.held() if self.boards[i].settle == asset]

    def available(self, asset: str) -> Decimal:
        total = self.balances.get(asset, ZERO)
        for i, position in self.settled_in(asset):
            total += self.unrealised(i, position) - self.margin(i, position)
        return total
