"""Label selectors."""

from app.kube.selectors import selects

SHOP = (("app", "shop"), ("tier", "front"))


def test_all_asked_pairs_must_be_there() -> None:
    assert selects((("app", "shop"),), SHOP)
    assert selects(SHOP, SHOP)
    assert not selects((("app", "shop"), ("tier", "back")), SHOP)
    assert not selects((("app", "bank"),), SHOP)


def test_an_empty_selector_selects_nothing() -> None:
    assert not selects((), SHOP)
