"""Who wrote a table entry, and for which object."""

from app.wire.record import Record


class Origin(Record, frozen=True):
    """`component` is the writer ("flanneld", "kernel"), `object` what it wrote it for ("Node/node2")."""

    component: str
    object: str = ""


KERNEL = Origin("kernel")
