"""How the guards of a live desk are shown."""

import msgspec

from mmtui.link.guarded import GuardView
from mmtui.view import guards
from mmtui.view.header import alarms
from mmtui.view.model import Model
from mmtui.view.risk_page import page


def view(state, level, name="guard", text="what it does"):
    return GuardView(name=name, state=state, text=text, seen_ms=20 if level == "ok" else -1, level=level)


def told(model: Model, *found: GuardView) -> Model:
    model.frame = msgspec.structs.replace(model.frame, guards=list(found))
    return model


def test_a_desk_without_guards_has_no_rows_and_no_alarm(model):
    assert guards.rows(model, 100) == []
    assert guards.alarms(model) == []


def test_an_armed_guard_is_a_row_of_the_risk_page_and_no_alarm(model):
    rows = page(told(model, view("armed", "ok")), 200, 60)
    text = "\n".join("".join(span[0] for span in row) for row in rows)
    assert "guards · cancel everything" in text and "armed" in text and "what it does" in text
    assert not guards.alarms(model)


def test_an_absent_guard_is_an_alarm_of_its_own_and_one_that_is_off_a_caution(model):
    told(model, view("absent", "danger", "remote guard"), view("off", "warn", text="switched off"))
    found = alarms(model)
    assert ("REMOTE GUARD ABSENT: what it does", "alarm") in found
    assert ("NO GUARD: switched off", "caution") in found


def test_control_sequences_of_a_guards_words_never_reach_the_terminal(model):
    told(model, view("absent", "danger", text="\x1b[31mred"))
    assert "\x1b" not in guards.alarms(model)[0][0]
