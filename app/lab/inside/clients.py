"""The client of a probe."""

import errno

from app.lab.ends import ask
from app.lab.job import Answer, Errand


def do(errand: Errand) -> Answer:
    """Runs in the namespace of its caller."""
    to = errand.protocol, errand.address, errand.port
    try:
        return Answer(None, ask(*to, errand.timeout, errand.pmtudisc, errand.octets, errand.sport))
    except OSError as fault:
        return Answer(errno.errorcode.get(fault.errno or 0, str(fault)))
