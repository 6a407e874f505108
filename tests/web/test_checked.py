"""The badge of the player: checked against which kernel, when, by which command; or not, and why."""

from fastapi.testclient import TestClient

from app.lab.checked import checked


def test_a_checked_journey_says_so_at_every_step(client: TestClient) -> None:
    for step in (0, 5):
        page = client.get(f"/j/overlay/{step}").text
        assert f"Linux {checked().linux}</summary>" in page
        assert f"on {checked().date}" in page
        assert "<pre>packet-journeys lab overlay</pre>" in page


def test_the_command_asks_for_the_journey_that_is_shown(client: TestClient) -> None:
    page = client.get("/j/service?backend=self&break=no-hairpin").text
    assert "<pre>packet-journeys lab service --set backend=self --break no-hairpin</pre>" in page


def test_another_throw_of_the_dice_was_not_checked(client: TestClient) -> None:
    page = client.get("/j/service?seed=5").text
    assert "<summary>Not checked</summary>" in page
    assert "the kernel throws its own dice" in page


def test_the_whole_journey_carries_it_as_well(client: TestClient) -> None:
    assert "Do it again" in client.get("/j/routed?transcript=whole").text
