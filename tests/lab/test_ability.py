"""What a machine lacks is said in one line: what is missing, what to install, what can be checked all the same."""

import pytest

from app.kernel.world import World
from app.lab.ability import PACKAGES, TRIALS, Ability, features_for, lacking
from app.scenario.load import load, slugs
from app.simulate import machines_of

ALL = Ability(frozenset(PACKAGES), frozenset(TRIALS))


def world(slug: str) -> World:
    return machines_of(load(slug)).world


def without(*names: str) -> Ability:
    return Ability(ALL.programs - {*names}, ALL.features - {*names})


@pytest.mark.parametrize("slug", slugs())
def test_a_machine_with_everything_lacks_nothing(slug: str) -> None:
    assert lacking(world(slug), ALL) is None


@pytest.mark.parametrize("program", ["nft", "iptables-restore", "conntrack"])
def test_a_missing_program_of_the_rules_hinders_only_worlds_with_rules(program: str) -> None:
    why = lacking(world("service"), without(program))
    assert why == f"{program} is not installed: install the package {PACKAGES[program]}"
    assert lacking(world("routed"), without(program)) is None


def test_a_missing_unshare_hinders_every_world() -> None:
    nothing = Ability(frozenset({"ip", "bridge"}), frozenset(), "there is no unshare")
    assert lacking(world("pod"), nothing) == "unshare is not installed: install the package util-linux"


def test_a_kernel_without_vxlan_can_still_hold_what_has_no_tunnel() -> None:
    why = lacking(world("overlay"), without("VXLAN"))
    assert why and why.startswith("this kernel has no VXLAN: it wants CONFIG_VXLAN")
    assert lacking(world("service"), without("VXLAN")) is None


def test_a_machine_that_makes_no_user_namespaces_is_told_which_switch_it_is() -> None:
    why = lacking(world("pod"), Ability(ALL.programs, frozenset(), "Operation not permitted"))
    assert why and "Operation not permitted" in why and "user.max_user_namespaces" in why


def test_a_tunnel_and_rules_are_needed_only_where_they_are() -> None:
    assert list(features_for(world("routed"))) == ["veth", "bridge", "br_netfilter"]
    assert {"VXLAN", "NAT"} < set(features_for(world("overlay")))
