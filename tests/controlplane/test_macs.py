"""MACs that say whose they are."""

from app.controlplane import macs


def test_each_kind_has_one_rule() -> None:
    assert macs.nic("192.168.1.10") == "52:54:00:00:01:0a"
    assert macs.outside("203.0.113.50") == "52:54:00:00:cb:32"
    assert macs.veth("10.244.1.2") == "2e:00:00:00:01:02"
    assert macs.vtep("10.244.2.0") == "4e:f1:a0:00:02:00"


def test_on_a_segment_the_mac_reads_like_the_address_while_two_digits_suffice() -> None:
    assert macs.nic_on_segment("192.168.10.11") == "52:54:00:00:10:11"
    assert macs.nic_on_segment("192.168.10.200") == "52:54:00:00:0a:c8"
