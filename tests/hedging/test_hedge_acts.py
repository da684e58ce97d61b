"""hedge on, off, set; its words in ctl, config, frames and status; and every parameter has its reference text."""

import json

import pytest
from desk_kit import LINEAR, SPOT, Desk, setup_of, three
from hedge_kit import hedged, hedges, market, state

from mmtui.config.errors import ConfigError
from mmtui.config.load import load_config
from mmtui.core.commands import BY_NAME
from mmtui.core.errors import UserError
from mmtui.core.hedging.params import REFERENCE, Hedge
from mmtui.host.ctl import arguments
from mmtui.host.frames import Extras, FrameBuilder
from mmtui.link import messages as m

CONFIG = """
[desk]
name = "d"
[[venue]]
id = "sim-spot"
source = "synthetic:calm"
[[venue]]
id = "sim-usdm"
source = "synthetic:calm"
equity = 50000
[[instrument]]
id = "sim-spot:BTCUSDT"
[[instrument]]
id = "sim-usdm:BTCUSDT"
"""


def test_every_parameter_has_its_reference_text():
    assert set(REFERENCE) == set(Hedge.__struct_fields__)


def test_off_and_on():
    desk = hedged(on=False)
    desk.trade_into(300, SPOT)
    market(desk, 500)
    assert not hedges(desk) and desk.engine.hedger.words("BTC") == "off"
    assert desk.press("hedge", op="on").ok
    market(desk, 500)
    count = len(hedges(desk))
    assert count
    assert desk.press("hedge", op="off").text.startswith("hedge BTC: off; delta ")
    market(desk, 1_000)
    assert len(hedges(desk)) == count


def test_off_takes_what_rests_and_lets_quotes_come_back():
    desk = hedged(passive_s=60.0)
    desk.trade_into(300, SPOT)
    market(desk, 300)
    assert desk.open()
    desk.press("hedge", op="off")
    market(desk, 300)
    assert not desk.open()
    failed = hedged(instruments=["cash:BTC"])
    failed.trade_into(300, LINEAR)
    assert failed.engine.gate.pulled
    failed.press("hedge", op="off")
    assert not failed.engine.gate.pulled and not state(failed).failed


def test_the_band_is_changed_while_it_runs():
    desk = hedged()
    desk.trade_into(40, SPOT)
    market(desk, 300)
    assert not hedges(desk)
    result = desk.press("hedge", op="set", band=0.02, passive_s=0)
    assert result.ok and json.loads(result.before) == {"BTC": {"band": 0.05, "passive_s": 0.0}}
    market(desk, 300)
    assert hedges(desk) and state(desk).params.band == 0.02


def test_an_asset_without_a_band_gets_one_by_set():
    desk = Desk(three())
    desk.books()
    assert desk.press("hedge", op="on").text == "BTC has no hedge band: give one first, such as hedge set band=0.1"
    assert desk.press("hedge").text == "hedge BTC: no band"
    assert desk.press("hedge", op="set", band=0.1, instruments="perp:BTC,coin:BTC").ok
    assert state(desk).params.instruments == ["perp:BTC", "coin:BTC"]
    assert desk.press("hedge").text == "hedge BTC: in band; delta 0 off target, band 0.1"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"op": "set", "band": 0}, "band=0 is not allowed; give a number > 0"),
        ({"op": "set", "bnd": 1}, "no hedge parameter 'bnd'"),
        ({"op": "set", "band": "x"}, "band=x is not allowed"),
        ({"op": "set", "instruments": "perp:ETH"}, "'perp:ETH' is no instrument of BTC on this desk"),
        ({"op": "set"}, "hedge set needs KEY=VALUE"),
        ({"op": "go"}, "hedge takes on, off or set KEY=VALUE, not 'go'"),
        ({"op": "on", "asset": "ETH"}, "no asset 'ETH' on this desk; there are BTC"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(args, says):
    desk = hedged()
    before = desk.engine.state_hash()
    result = desk.press("hedge", **args)
    assert not result.ok and result.text.startswith(says)
    assert desk.engine.state_hash() == before


@pytest.mark.parametrize(
    ("words", "args"),
    [
        (["hedge"], {}),
        (["hedge", "BTC"], {"asset": "BTC"}),
        (["hedge", "on", "BTC"], {"op": "on", "asset": "BTC"}),
        (["hedge", "off"], {"op": "off"}),
        (["hedge", "set", "band=0.1", "on=true", "BTC"], {"op": "set", "band": 0.1, "on": True, "asset": "BTC"}),
        (["hedge", "set", "instruments=a:B"], {"op": "set", "instruments": "a:B"}),
        (["ticket", "hedge"], {"hedge": True}),
        (["ticket", "hedge", "BTC", "preview"], {"hedge": True, "asset": "BTC", "preview": True}),
        (["ticket", "buy", "0.10", "market"], {"side": "buy", "size": "0.10", "price": "market"}),
        (
            ["ticket", "sell", "1", "100", "post-only", "reduce-only"],
            {"side": "sell", "size": "1", "price": "100", "type": "post-only", "reduce_only": True},
        ),
        (["roll", "a:C"], {"to": "a:C"}),
        (["roll", "a:C", "3", "post-only", "preview"], {"to": "a:C", "size": "3", "post_only": True, "preview": True}),
    ],
)
def test_the_words_of_ctl(words, args):
    assert arguments(BY_NAME[words[0]], words[1:]) == args


@pytest.mark.parametrize(
    "words",
    [["ticket"], ["ticket", "buy", "1"], ["ticket", "hold", "1", "2"], ["ticket", "buy", "1", "2", "day"],
     ["hedge", "band=1"], ["hedge", "on", "A", "B"], ["roll"], ["roll", "a", "b", "c"]],
)  # fmt: skip
def test_other_words_are_the_usage(words):
    with pytest.raises(UserError, match=f"usage: {words[0]}"):
        arguments(BY_NAME[words[0]], words[1:])


def test_frame_and_status_show_the_hedge():
    desk = hedged(passive_s=60.0)
    desk.trade_into(300, SPOT)
    desk.trade_into(-100, LINEAR)
    market(desk, 1_500)
    builder = FrameBuilder(desk.engine)
    extras = Extras(mode="PAPER", session="s", execution="paper")
    frame = builder.frame(m.View(), extras)
    (asset,) = frame.assets
    assert asset.hedge.startswith("sell ") and asset.band == "0.05" and asset.locked == "0.1"
    assert 1.0 < asset.unhedged_s < 2.0
    (plan,) = [one for one in frame.plans if one.kind == "hedge"]
    assert plan.ticket["side"] == "sell" and plan.size == "0.2"
    assert "unhedged" in {one.name for one in frame.gauges}
    status = builder.status(extras)
    assert status["hedges"]["BTC"]["delta"] == 0.2 and status["hedges"]["BTC"]["text"] == asset.hedge
    assert FrameBuilder(Desk(setup_of()).engine).status(extras)["hedges"] == {}


def test_a_config_has_hedge_tables_and_the_equity_of_venues(tmp_path):
    path = tmp_path / "d.toml"
    path.write_text(CONFIG + '[hedge.BTC]\nband = 0.2\ncap_bps = 8\ninstruments = ["sim-usdm:BTCUSDT"]\n')
    setup = load_config(path).setup
    assert setup.hedges == {"BTC": Hedge(band=0.2, cap_bps=8.0, instruments=["sim-usdm:BTCUSDT"])}
    assert setup.venue_equity == ["0", "50000"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[hedge.BTC]\n", "band is missing"),
        ("[hedge.DOGE]\nband = 1\n", '"DOGE" is no asset of the desk; give one of BTC'),
        ("[hedge.BTC]\nband = -1\n", "-1 is not allowed; give a number above 0"),
        ('[hedge.BTC]\nband = 1\ninstruments = ["x:Y"]\n', "'x:Y' is no instrument of BTC on this desk"),
        ("[hedge.BTC]\nbands = 1\n", "unknown key; did you mean band?"),
        ("hedge = 3\n", "unknown key"),
    ],
)
def test_a_wrong_hedge_table_is_one_sentence(tmp_path, text, says):
    path = tmp_path / "d.toml"
    path.write_text(CONFIG + text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert says in str(caught.value) and "\n" not in str(caught.value)
