"""Fields that copy themselves: the models of great_expectations are the same with them as without."""

from __future__ import annotations

import copy
import importlib

import pytest
from pydantic.v1 import BaseModel, Field, validator
from pydantic.v1.fields import FieldInfo, ModelField

from gx.field_copies import quick_field_copies
from tests.gx.test_deferred_imports import python

DESCRIBE = """
import great_expectations, json
from pydantic.v1 import BaseModel
from pydantic.v1.fields import FieldInfo, ModelField

def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)

def text(value, depth=0):
    if isinstance(value, (ModelField, FieldInfo)):
        inner = {name: text(getattr(value, name, "no value"), depth + 1) for name in type(value).__slots__}
        return f"{type(value).__name__}({inner})"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}{[text(each, depth + 1) for each in value]}"
    if isinstance(value, dict):
        return f"dict{sorted((str(key), text(each, depth + 1)) for key, each in value.items())}"
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__name__)}"
    return f"{type(value).__name__} {value!r}" if " at 0x" not in repr(value) else type(value).__name__

models = sorted({f"{c.__module__}.{c.__qualname__}": c for c in subclasses(BaseModel)}.items())
for name, model in models:
    print(name, len({id(field) for base in model.__mro__ for field in getattr(base, "__fields__", {}).values()}))
    for field in model.__fields__.values():
        print("   ", text(field))
print(len(models), hasattr(ModelField, "__deepcopy__"), hasattr(FieldInfo, "__deepcopy__"))
"""


def test_the_models_of_great_expectations_are_the_same() -> None:
    plain = python(DESCRIBE)
    quick = python("import gx\n" + DESCRIBE)
    assert int(plain.splitlines()[-1].split()[0]) > 300
    assert quick == plain


def positive(value: int) -> int:
    if value <= 0:
        raise ValueError("too small")
    return value


class Order(BaseModel):
    number: int = Field(1, description="of the order", example=[1, 2])
    notes: dict[str, list[int]] = {"a": [1]}
    parent: Order | None = None
    _positive = validator("number", allow_reuse=True)(positive)


Order.update_forward_refs()


@pytest.mark.parametrize("name", list(Order.__fields__))
def test_a_copied_field_equals_the_original_and_shares_nothing_that_can_change(name: str) -> None:
    field = Order.__fields__[name]
    field.field_info.extra["more"] = {"list": []}
    with quick_field_copies():
        copied = copy.deepcopy({"first": field, "second": field})
    mine = copied["first"]
    assert mine is copied["second"]  # one object stays one object
    assert mine is not field
    assert repr(mine) == repr(field)
    assert mine.field_info is not field.field_info
    assert mine.field_info.extra == field.field_info.extra
    assert mine.field_info.extra["more"]["list"] is not field.field_info.extra["more"]["list"]
    assert mine.class_validators.keys() == field.class_validators.keys()
    assert mine.class_validators is not field.class_validators
    if isinstance(field.default, dict):
        assert mine.default == field.default
        assert mine.default["a"] is not field.default["a"]


def test_a_model_made_meanwhile_validates_and_leaves_its_base_alone() -> None:
    with quick_field_copies():

        class Large(Order):
            size: int = 100

    assert Large.parse_obj({}).dict() == {"number": 1, "notes": {"a": [1]}, "parent": None, "size": 100}
    assert list(Order.__fields__) == ["number", "notes", "parent"]
    with pytest.raises(ValueError, match="too small"):
        Large.parse_obj({"number": 0})


def test_afterwards_pydantic_copies_as_it_did_also_when_the_import_failed() -> None:
    with pytest.raises(ModuleNotFoundError), quick_field_copies():
        importlib.import_module("sluice_is_not_there")
    assert not hasattr(ModelField, "__deepcopy__")
    assert not hasattr(FieldInfo, "__deepcopy__")
