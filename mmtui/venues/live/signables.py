"""What may be signed for which venue: the lists of all of them.

Rules of this file: the list of lists; what stands in them is each venue's signable.py.
"""

from __future__ import annotations

from mmtui.venues.binance.signable import SIGNABLE as _BINANCE
from mmtui.venues.bybit.signable import SIGNABLE as _BYBIT
from mmtui.venues.deribit.signable import SIGNABLE as _DERIBIT
from mmtui.venues.hyperliquid.signable import SIGNABLE as _HYPERLIQUID
from mmtui.venues.kraken.signable import SIGNABLE as _KRAKEN
from mmtui.venues.okx.signable import SIGNABLE as _OKX
from mmtui.venues.signing_table import Signable

#: Market -> its list.
SIGNABLE: dict[str, Signable] = {**_BINANCE, **_OKX, **_BYBIT, **_DERIBIT, **_HYPERLIQUID, **_KRAKEN}
