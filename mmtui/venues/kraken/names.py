"""What Kraken's REST interface calls assets and pairs: XXBT is BTC elsewhere, XXBTZUSD and XBTUSD are BTC/USD.

Rules of this file: facts; pure.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Instrument

_COINS = {"XBT": "BTC", "XDG": "DOGE"}
_OLD = {name: old for old, name in _COINS.items()}
#: Assets with a class before their name.
_CLASSED = frozenset(
    {
        "XETC", "XETH", "XLTC", "XMLN", "XREP", "XXBT", "XXDG", "XXLM", "XXMR", "XXRP", "XZEC", "ZAUD", "ZCAD", "ZEUR",
        "ZGBP", "ZJPY", "ZUSD",
    }
)  # fmt: skip


def asset(name: str) -> str:
    """The asset of a REST name."""
    bare = name[1:] if name in _CLASSED else name
    return _COINS.get(bare, bare)


def pair(item: Instrument) -> str:
    """The pair of an instrument in a call."""
    return f"{_OLD.get(item.base, item.base)}{_OLD.get(item.quote, item.quote)}"


def pairs(items: list[Instrument]) -> dict[str, str]:
    """Every name that an answer may have for the pair of an instrument -> its symbol."""
    found = {}
    for item in items:
        base, quote = _OLD.get(item.base, item.base), _OLD.get(item.quote, item.quote)
        for left in (base, f"X{base}"):
            for right in (quote, f"Z{quote}", f"X{quote}"):
                found[f"{left}{right}"] = item.symbol
        found[f"{base}/{quote}"] = found[item.symbol] = item.symbol
    return found
