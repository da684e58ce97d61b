"""An image that somebody else sent: it names what it likes, and gets nothing but the data of an engine."""

from __future__ import annotations

import builtins
import os
import pickle
import random
from functools import cache

import msgspec
import pytest
from taped_desk import desk_records

from mmtui.core.engine import Engine
from mmtui.tape import image
from mmtui.tape.image import ImageError

BIG, MEMBER, REFERENCE, TUPLE, DECIMAL, METHOD, CLASS, NAMED, FROZEN = range(9)


@cache
def picture() -> bytes:
    setup, records = desk_records()
    engine = Engine(setup)
    for event, _ in records[:1200]:
        engine.process(event)
    return image.encode(engine)


def with_attribute(element):
    """The image of an engine with one more attribute: `extra`, which is `element`."""
    root, structs, objects, containers = msgspec.msgpack.decode(picture())
    for group in objects:
        if group[0] == "engine.Engine":
            group[1].append("extra")
            group[3].append([4, [element]])
    return msgspec.msgpack.encode([root, structs, objects, containers])


def test_an_element_that_is_none_of_these_abuses_passes():
    assert image.decode(with_attribute([TUPLE, 1, 2])).extra == (1, 2)


@pytest.mark.parametrize(
    "element",
    [
        [CLASS, "os.system"],
        [CLASS, "builtins.eval"],
        [CLASS, "builtins.getattr"],
        [CLASS, "engine.Engine.__init__"],
        [CLASS, "../../os.system"],
        [CLASS, ""],
        [CLASS, "errors.UserError"],
        [NAMED, "os.system", "true"],
        [NAMED, "engine.Engine", "true"],
        [NAMED, "orders.table.State", 1],
        [MEMBER, "engine.Engine", 1],
        [MEMBER, "orders.table.State", 99],
        [METHOD, "engine.Engine", 0, "__init__"],
        [METHOD, "engine.Engine", 0, "__class__"],
        [METHOD, "engine.Engine", 0, "__reduce__"],
        [METHOD, "engine.Engine", 0, "__getattribute__"],
        [METHOD, "engine.Engine", 0, "setup"],
        [METHOD, "engine.Engine", 0, "process.__globals__"],
        [METHOD, "engine.Engine", -1, "process"],
        [METHOD, "engine.Engine", 1, "process"],
        [METHOD, "list", 0, "append"],
        [METHOD, "dict", 0, "__setitem__"],
        [REFERENCE, "os.system", 0],
        [REFERENCE, "engine.Engine", 7],
        [REFERENCE, "engine.Engine", "0"],
        [BIG, "__import__('os').system('true')"],
        [DECIMAL, "one"],
        [FROZEN, [REFERENCE, "list", 0]],
        [17, 1],
        [],
    ],
)
def test_what_is_not_the_data_of_an_engine_is_refused(element):
    with pytest.raises(ImageError):
        image.decode(with_attribute(element))


@pytest.mark.parametrize("name", ["__class__", "__dict__", "__reduce__", "no identifier", "a.b", ""])
def test_an_attribute_that_is_no_plain_name_is_refused(name):
    root, structs, objects, containers = msgspec.msgpack.decode(picture())
    for group in objects:
        if group[0] == "engine.Engine":
            group[1].append(name)
            group[3].append([0, [1]])
    with pytest.raises(ImageError):
        image.decode(msgspec.msgpack.encode([root, structs, objects, containers]))


@pytest.mark.parametrize("cls", ["os.system", "builtins.type", "engine.Nobody", "market.instrument.Instrument"])
def test_objects_of_other_classes_are_not_made(cls):
    root, structs, objects, containers = msgspec.msgpack.decode(picture())
    objects.append([cls, ["a"], [0], [[0, [1]]]])
    with pytest.raises(ImageError):
        image.decode(msgspec.msgpack.encode([root, structs, objects, containers]))


@pytest.mark.parametrize(
    "column", [[5, ["a", "b"]], [5, [[1], [2]]], [2, ["os.system", [0]]], [9, []], [0], 7, [3, []]]
)
def test_columns_of_something_else_are_refused(column):
    root, structs, objects, containers = msgspec.msgpack.decode(picture())
    for group in objects:
        if group[0] == "engine.Engine":
            group[1].append("extra")
            group[3].append(column)
    with pytest.raises(ImageError):
        image.decode(msgspec.msgpack.encode([root, structs, objects, containers]))


def test_a_pickle_is_no_image():
    class Trap:
        def __reduce__(self):
            return os.system, ("exit 1",)

    for data in (pickle.dumps(Trap()), pickle.dumps(eval), b"cos\nsystem\n(S'true'\ntR.", b"", b"\xc1", b"\x90"):
        with pytest.raises(ImageError):
            image.decode(data)


def test_only_classes_of_the_core_room_can_be_named():
    assert all(cls.__module__.startswith("mmtui.core.") for cls in image.known_classes().values())
    assert not any(cls in image.known_classes().values() for cls in vars(builtins).values() if isinstance(cls, type))


def test_a_state_that_holds_something_foreign_is_not_written():
    engine = Engine(desk_records()[0])
    engine.ledger.stranger = os
    with pytest.raises(ImageError, match="module"):
        image.encode(engine)
    engine.ledger.stranger = os.system
    with pytest.raises(ImageError, match="builtin"):
        image.encode(engine)


def test_flipped_and_cut_images_are_refused_or_are_data():
    """A million things may be wrong with the bytes: none of them is anything else than an ImageError."""
    whole = picture()
    dice = random.Random(3)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.randrange(4) == 0:
            del data[dice.randrange(len(data)) :]
        try:
            assert type(image.decode(bytes(data))) is Engine
        except ImageError:
            refused += 1
    assert refused > 50
