"""How a venue trades, as data: what it acknowledges, cancels, refuses, forgets and limits.

One table a venue stands in its folder's trading.py with its sources; `facts.facts_of` finds it.  What a table only
recalls (nobody read it in a document or saw it happen) is named in `recalled`.

Rules of this file: the shape of the facts; no fact of any one venue, no behaviour.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mmtui.core.orders.inplace import Amending

#: What an error code of a venue means to the desk. A code that a table does not name is a plain refusal.
Meaning = Literal[
    "unknown order",  # cancel or query: the venue does not find it; no proof of absence
    "would take",  # a post-only order would have traded
    "funds",  # balance, margin or position limit
    "filter",  # off the tick or lot, below the minimum, outside the price band
    "duplicate id",  # an order with this client id exists or existed
    "fate unknown",  # the venue itself does not know what became of the request
    "late",  # after its expiry, or our clock is wrong: not done
    "overloaded",  # not done, come again
    "rate",  # too many requests or orders: not done
    "market closed",  # halt, maintenance, delisted, expired: not done
    "cancel only",  # only cancels are taken now
    "post only",  # only post-only orders are taken now
    "auth",  # key, signature or permission
]


class DeadManFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What cancels our orders when we die.

    countdown: unless repeated within the time; schedule: at an instant that we keep moving; disconnect: when the
    connection ends, or is silent for `window_ms`.
    """

    mechanism: Literal["none", "countdown", "schedule", "disconnect"] = "none"
    scope: Literal["symbol", "account", "connection"] = "account"
    min_ms: int = 0
    max_ms: int = 0
    step_ms: int = 1  # 1000: whole seconds only
    window_ms: int = 10_000  # what we ask for where the weight allows it
    apply_ms: int = 0  # from firing to the cancels
    per_day: int = 0  # firings a day, 00:00 UTC; 0: no limit
    on_logout: bool = False  # a graceful logout fires it too
    condition: str = ""  # who gets it at all


class RateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Budgets. Windows slide; weights are by the name of the request type (1 where it is not named)."""

    weight: int
    window_ms: int
    orders: tuple[tuple[int, int], ...] = ()  # (orders, ms)
    cancels_count: bool = False  # cancels count in `orders` too
    weights: dict[str, int] = {}
    symbol_weights: dict[str, int] = {}  # of one symbol, where the request can be (or must be) made for each
    penalty: Literal["429", "418", "403", "closed"] = "429"  # what too many requests lead to in the end
    ban_ms: int = 0


class LinkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Life of a connection. 0: does not exist."""

    forced_close_s: int = 0
    server_ping_s: int = 0  # the venue pings so often
    client_ping_s: int = 0  # we must ping so often
    pong_s: int = 60  # an end that does not answer a ping for so long is closed


class LagFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How far the venue's answers may be behind its own acknowledgements, in ms."""

    open_ms: int = 0  # an acknowledged order may be missing from the open orders
    fills_ms: int = 0
    positions_ms: int = 0


class TradingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's trading behaviour."""

    id: str
    verified: str  # when the table was last compared with its sources
    source: str
    recalled: tuple[str, ...] = ()  # fields that nobody has verified

    fill_before_ack: bool = False  # the private stream may tell a fill before the create is answered
    post_only: Literal["reject", "cancel", "reprice"] = "reject"
    cancel_all: Literal["venue", "instrument", "none"] = "instrument"
    cancel_all_excludes: tuple[str, ...] = ()  # classes of orders that it leaves alone
    cancel_all_max: int = 0  # cancels no more than so many, any of them; 0: all
    cancel_ack_final: bool = True  # False: only the private stream proves a cancel
    batch_create: int = 1
    batch_cancel: int = 1
    amend: Amending | None = None  # changes in place; None: a cancel and a new order
    silent_expiry_ms: int = 0  # orders die at this age without a word; 0: they do not

    self_trade: Literal["maker", ""] = ""  # which of two orders of ours goes that would trade; "": the account's rule

    id_max: int = 36
    id_chars: Literal["free", "alnum", "hex128"] = "free"
    id_lead: str = ""  # what every client id must begin with
    id_rule: Literal["unique", "reusable", "not unique"] = "unique"  # reusable: once the first order has ended
    duplicate: Literal["reject", "returns first", "accepts"] = "reject"

    expiry_ms: int = 0  # creates are refused when they arrive later than this after sending; 0: they never expire
    cancel_expiry_ms: int = 0
    codes: dict[str, Meaning] = {}

    dead_man: DeadManFacts = DeadManFacts()
    rates: RateFacts
    link: LinkFacts = LinkFacts()
    lag: LagFacts = LagFacts()

    def meaning(self, code: str) -> Meaning | None:
        return self.codes.get(code)

    def code(self, meaning: Meaning) -> str:
        """A code with this meaning; the meaning itself where the table has none."""
        return next((code for code, said in self.codes.items() if said == meaning), meaning)

    def amend_words(self) -> str:
        """What can be changed in place, in words."""
        how = self.amend
        if how is None:
            return "cancel+new"
        return "in place" if how.price and how.up else "price in place" if how.price else "smaller in place"

    def weight(self, request: str, instruments: int = 1) -> int:
        """Weight of a request type by its name, for an account of so many instruments: the cheaper way of asking."""
        rates = self.rates
        each = rates.symbol_weights.get(request)
        whole = rates.weights.get(request)
        if each is None:
            return 1 if whole is None else whole
        return each * instruments if whole is None else min(whole, each * instruments)
