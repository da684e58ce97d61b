"""The store: holes are said, snapshots heal, numbers come back the same."""

from fakedesk import FakeHost
from fakeframes import FrameMaker, welcome

from mmtui.link.messages import Item, Refused, Snapshot
from mmtui.tui.store import KEPT, Store
from mmtui.view.model import Echo


def item(n, kind="alert", **more):
    return Item(n=n, ts=n, kind=kind, text=f"{kind} {n}", **more)


def store():
    made = Store(observe=False, operator="op1")
    made.apply(welcome(), 0.0)
    made.apply(Snapshot(n=0, items=[]), 0.0)
    return made


def test_a_hole_is_seen():
    made = store()
    made.apply(item(1), 0.0)
    made.apply(item(2), 0.0)
    assert not made.hole
    made.apply(item(4), 0.0)
    assert made.hole
    assert [i.n for i in made.model.alerts] == [1, 2], "what came after a hole is not shown as if nothing were missing"


def test_a_snapshot_heals_and_does_not_double():
    made = store()
    made.apply(item(1), 0.0)
    made.apply(item(5), 0.0)
    made.apply(Snapshot(n=5, items=[item(5), item(3), item(4, "fill")]), 0.0)
    assert not made.hole
    assert [i.n for i in made.model.alerts] == [3, 5]
    assert [i.n for i in made.model.fills] == [4]
    made.apply(item(5), 0.0)
    made.apply(item(6), 0.0)
    assert [i.n for i in made.model.alerts] == [3, 5, 6]


def test_lists_are_bounded():
    made = store()
    for n in range(1, KEPT + 100):
        made.apply(item(n, "fill"), 0.0)
    assert len(made.model.fills) == KEPT
    assert made.model.fills[-1].n == KEPT + 99


def test_results_find_their_command():
    made = store()
    made.sent(Echo("a", "start", "start", 1.0))
    made.sent(Echo("b", "stop", "stop", 1.0))
    made.apply(item(1, "result", command="a", ok=False, version=3), 1.25)
    made.apply(item(2, "result", command="elsewhere"), 1.5)
    assert [(e.id, e.state) for e in made.model.echoes] == [("a", "refused"), ("b", "requested")]
    assert made.model.echoes[0].ms == 250.0
    assert [i.kind for i in made.model.log] == ["result", "result"]


def test_a_lost_host_leaves_no_command_in_the_air():
    made = store()
    made.sent(Echo("a", "start", "start", 1.0))
    made.lost("gone", 2.0)
    made.lost("still gone", 3.0)
    assert made.model.echoes[0].state == "lost"
    assert (made.model.link_since, made.model.link_why) == (2.0, "gone")


def test_a_new_session_forgets_the_old_one():
    made = store()
    made.apply(item(1), 0.0)
    again = welcome()
    made.apply(again, 1.0)
    assert made.model.alerts, "the same session: kept until the snapshot comes"
    another = welcome()
    another.session = "another"
    made.apply(another, 1.0)
    assert not made.model.alerts


def test_a_refusal_is_kept_for_the_shell():
    made = store()
    made.apply(Refused(why="protocol 2"), 0.0)
    assert made.refused == "protocol 2"


def test_frames_replace_each_other():
    made, maker = store(), FrameMaker()
    made.apply(maker.tick(), 1.0)
    second = maker.tick()
    made.apply(second, 2.0)
    assert made.model.frame is second
    assert made.model.frame_at == 2.0
    assert set(made.model.books) == {i.id for i in FakeHost().maker.frame().books}
