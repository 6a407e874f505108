"""Every reason for a drop has its explanation."""

from app.datapath.drop import DropReason
from app.story.drops import DROPS


def test_every_reason_is_explained_and_no_other() -> None:
    assert set(DROPS) == set(DropReason)


def test_an_explanation_completes_the_sentence_it_stands_in() -> None:
    for reason, text in DROPS.items():
        assert text[0].islower() and text[-1] not in ".!?", f"{reason}: “… drops it: {text}.”"


def test_no_two_reasons_are_explained_alike() -> None:
    assert len(set(DROPS.values())) == len(DROPS)
