"""The published models and the records inside have one shape."""

import types
import typing
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from app.story import view
from app.web import models

PAIRS = [
    (view.OriginView, models.Origin),
    (view.Place, models.Place),
    (view.Change, models.Change),
    (view.StepView, models.Step),
    (view.BeatView, models.Beat),
    (view.OutcomeView, models.Outcome),
    (view.EndsView, models.Ends),
    (view.CandidateView, models.Candidate),
    (view.ConnectionView, models.Connection),
    (view.ProbeView, models.Probe),
    (view.JourneyView, models.Journey),
]
SAME: dict[Any, Any] = dict(PAIRS)


def plain(type_: Any) -> Any:
    """A type with the inner records replaced by the published ones, comparable."""
    if type_ in SAME:
        return SAME[type_]
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin in (typing.Union, types.UnionType):
        return frozenset(map(plain, arguments))
    return (origin, *map(plain, arguments)) if arguments and origin is not typing.Literal else type_


@pytest.mark.parametrize(("inner", "published"), PAIRS, ids=lambda type_: type_.__name__)
def test_the_published_shape_is_the_inner_one(
    inner: type[msgspec.Struct], published: type[BaseModel]
) -> None:
    ours = {field.encode_name: plain(field.type) for field in msgspec.structs.fields(inner)}
    theirs = {field.alias or name: plain(field.annotation) for name, field in published.model_fields.items()}
    ours.pop("schema", None), theirs.pop("schema", None)  # an int inside, the number 1 outside
    assert theirs == ours


def test_a_journey_that_lacks_a_field_or_has_another_is_none() -> None:
    with pytest.raises(ValueError, match="extra"):
        models.Ends.model_validate({"src": "a", "dst": "b", "via": "c"})
