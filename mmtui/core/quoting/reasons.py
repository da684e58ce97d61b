"""Why a side is not quoted: the closed list, a short word each and the sentence that help and doctor print.

A reason in force is the word, and what it is about after it where that differs from case to case ("cancelled by ann",
"price collar 100 bps").  Rules of this file: data, and the one function that finds the word of a reason.
"""

from __future__ import annotations

# Switches, states, operator.
NOT_STARTED = "not started"
NOT_CONFIGURED = "not quoted (config)"
CANCELLED_BY = "cancelled by"
REDUCE = "REDUCE"
EXIT = "EXIT NOW"
BIDS_ONLY, ASKS_ONLY = "bids only", "asks only"

# Position, size, money.
POSITION_LIMIT = "position limit"
NEAR_LIMIT = "position at 90 % of its limit"
BELOW_LOT = "size below one lot"
SPOT_BALANCE = "spot balance"
CLOSES = "only closes"
HEDGE_DEPTH = "hedge depth"

# Price.
NO_FAIR_VALUE = "no fair value"
NO_REFERENCE = "no reference price"
NO_RATE = "no conversion rate"
CEILING, FLOOR, MOVING_BAND = "price ceiling", "price floor", "moving price band"
PRICE_COLLAR = "price collar"
ACROSS = "own order across"

WIDE_MARKET = "market wider than the quotes"

# Flow.
BETWEEN_ORDERS = "between orders"
AFTER_REJECT = "after a reject"
AFTER_FILL = "after a fill"
FILLS_IN_WINDOW = "fills in the window"
PING_PONG = "ping-pong"
OUTSIDE_SESSIONS = "outside sessions"
AROUND_FUNDING = "around funding"
MESSAGE_RATE = "message rate"

# Protections.
NO_SNAPSHOT = "no snapshot"
VOLATILITY = "volatility pause"
TREND = "trend hold"
TOXIC_FLOW = "toxic flow"
TRADE_BURST = "trade burst"
ONE_LEG = "one-leg guard"
REPEATED = "repeated executions"
LEAD_VENUE = "lead venue"
STALE_FEED = "stale feed"
OBLIGATION = "obligation"
HEDGE_FAILED = "hedge failed"
EVENT = "event"

#: The word -> what it means, in the order in which help and doctor list them.
REASONS: dict[str, str] = {
    NOT_STARTED: "The desk has not been started.",
    NOT_CONFIGURED: "The config shows this instrument and does not quote it (quote = false).",
    "PAUSED": "The desk, the venue or the instrument is PAUSED; an operator starts it.",
    "STOPPED": "The desk, the venue or the instrument is STOPPED; an operator starts it.",
    "HALTED": "A limit or a break has latched HALTED; an operator resumes it with a reason.",
    "KILLED": "Killed and latched; an operator resumes it with a reason.",
    CANCELLED_BY: "An operator cancelled this side; it comes back by itself after one order, or by start.",
    REDUCE: "Only the side that reduces the position is quoted: an operator pressed it, or a loss gauge is at 90 %.",
    EXIT: "Exit now: the side that would add to the position is not quoted.",
    BIDS_ONLY: "The profile quotes bids only.",
    ASKS_ONLY: "The profile quotes asks only.",
    POSITION_LIMIT: "Another order on this side could take the position past its limit.",
    NEAR_LIMIT: "The position is at 90 % of its limit: only the side that reduces is quoted.",
    BELOW_LOT: "What skew, easing and limits leave of the size is less than one lot.",
    "below min notional": "The order's worth is below the venue's minimum.",
    "leverage limit": "The venue's contracts would pass the leverage that its equity allows.",
    "order size limit": "The order is larger than the largest order of this instrument (max_order).",
    "references disagree": "Last trade and mark say another price: the quote is outside of the collar of their median.",
    "order notional limit": "The order's worth is above the limit of one order.",
    "gross notional limit": "The desk's gross notional would pass its limit.",
    SPOT_BALANCE: "There is no more of the base asset to sell.",
    CLOSES: "The profile (ping_at) lets this side only close, and there is nothing to close.",
    WIDE_MARKET: "Others quote wider than the own width, and the profile (best_price = inverse) quotes only inside it.",
    HEDGE_DEPTH: "The book of the leg does not hold the hedge of this side's first order, or has no conversion rate.",
    NO_FAIR_VALUE: "The fair value that the profile asks for has no price now.",
    NO_REFERENCE: "The price collar has no reference price to measure from.",
    NO_RATE: "The worth of an order is not known in the desk's currency.",
    CEILING: "Fair value is above the ceiling: nothing is bought there.",
    FLOOR: "Fair value is below the floor: nothing is sold there.",
    MOVING_BAND: "Fair value has left the band round its own past, and this side would follow it.",
    PRICE_COLLAR: "The price is farther from the reference than the collar allows.",
    ACROSS: "An own order on the other side stands at this price or beyond it.",
    "off the tick or lot": "The price or size is no multiple of what the venue takes.",
    "no size": "The order has no size.",
    "no order ids reserved": "Order ids have run out until a further block is safe on disk.",
    BETWEEN_ORDERS: "The last order has ended and the next is being decided.",
    AFTER_REJECT: "The venue rejected an order; the side waits a moment.",
    AFTER_FILL: "An own order was filled; the side waits for its cool-down.",
    FILLS_IN_WINDOW: "The side has had its number of fills within the window.",
    PING_PONG: "The last fill was on this side; it waits for one on the other.",
    OUTSIDE_SESSIONS: "The time of day is outside the profile's sessions.",
    AROUND_FUNDING: "Funding is paid soon or was paid just now.",
    MESSAGE_RATE: "The venue's message budget for new orders is spent for this second.",
    NO_SNAPSHOT: "There is no book yet.",
    "gap": "The venue's sequence has a hole; a new snapshot is on its way.",
    "feed down": "The market data connection is down.",
    "bad book": "The book cannot be quoted from.",
    "crossed book": "Best bid at or above best ask.",
    "one-sided book": "A side of the book is empty.",
    STALE_FEED: "No sign of life for longer than the limit.",
    LEAD_VENUE: "The instrument that fair value comes from is stale or has no book.",
    "account stream down": "The account at this venue is not known: its private stream is down.",
    "reconciling with the venue": "The account at this venue is being compared with what we know.",
    "quoting failed": "A step of the pipeline failed; the quotes were pulled.",
    VOLATILITY: "Volatility is above the pause's threshold.",
    TREND: "The market runs against this side.",
    TOXIC_FLOW: "Fills of this side lost more than allowed shortly afterwards.",
    TRADE_BURST: "Too many trades in too short a time.",
    ONE_LEG: "The other leg is missing or failed.",
    REPEATED: "Fills repeat without a new decision in between.",
    OBLIGATION: "Held by the mode that keeps an obligation.",
    HEDGE_FAILED: "A hedge failed; quotes that would need it are pulled.",
    EVENT: "An event of the calendar is near; quotes come back by themselves after it.",
    "hedge under way": "A hedge takes here: an own quote across would be its counterpart.",
    "a manual order takes here": "A manual ticket is about to take here, and would meet this quote.",
}


def word_of(reason: str) -> str:
    """The word of the list that a reason in force begins with; "" when it is none of the list."""
    if reason in REASONS:
        return reason
    found = [word for word in REASONS if reason.startswith((f"{word} ", f"{word}:"))]
    return max(found, key=len, default="")
