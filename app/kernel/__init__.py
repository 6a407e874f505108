"""What Linux holds: the nouns.  Frozen records only; what happens to them is in `datapath`."""
