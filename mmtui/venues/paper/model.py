"""The fill model in words: what a trader reads before believing a paper result. Text only."""

from __future__ import annotations

MODEL = (
    "Paper fills: an order joins behind the whole size displayed at its price when it arrives. Trades at that "
    "price consume the queue from the front, and what is left of a trade fills us, oldest own order first; a "
    "trade through our price fills all that is left, and so does a best opposite price that locks or crosses it, "
    "always at our price as maker. A decrease of the displayed size that trades have explained, before or after "
    "it, moves us only once; other decreases are taken to come from behind us (pessimistic, the default: we only "
    "move up when less is shown than stood ahead) or in proportion (optimistic). Marketable orders (IOC, GTC) "
    "walk the displayed levels as taker, and what they took stays gone until the venue refreshes that level. "
    "Every request takes 5 ms to the venue and every answer 5 ms back, each with 2 ms of seeded jitter, never "
    "zero and never overtaking on one venue, so an order can be hit while its cancel is under way. Post-only "
    "orders that would take are rejected, reduce-only orders never pass zero, minimum notional holds, orders into "
    "a book that is not valid are rejected (no market), cancels always work. Fees are the venue's maker and taker "
    "bps, in coin on inverse contracts. Not modelled: our own effect on other traders, hidden and iceberg size, "
    "self-trades, margin and balances, rate limits of the venue."
)
