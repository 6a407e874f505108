"""How a journey ended: one verdict, from what its last probe saw and from where its packets died."""

from collections.abc import Sequence

from app.datapath import icmp
from app.datapath.drop import DropReason
from app.datapath.events import Dropped, Errno, HookPassed, IcmpSent, ProbeEnded, SegmentSent, Step
from app.kernel.netfilter import Reject
from app.kernel.origin import Origin
from app.kernel.skb import Skb
from app.story.drops import why_dropped
from app.story.view import VerdictName
from app.wire.packet import HttpResponse, Icmp, Message, Tcp
from app.wire.record import Record


class Outcome(Record, frozen=True):
    """`reason` is a kernel's drop reason, what refused, or what was answered; `at` a device or netns id, `netns` the latter.

    `told` is what the sender heard of a packet that did not arrive, None where that was silence; `why` a drop in words.
    """

    verdict: VerdictName
    reason: str
    at: str | None = None
    by: Origin | None = None
    netns: str | None = None
    told: Errno | None = None
    why: str = ""


def outcome_of(steps: Sequence[Step], *, looped: bool) -> Outcome:
    """The verdict on the last act.  A journey without a probe's end is undecided; it never happens in a finished walk."""
    ends = [step for step in steps if isinstance(step.event, ProbeEnded)]
    fatal = first_death(steps, ends)
    if looped:
        return Outcome("looped", "step limit", place(steps[-1]), netns=steps[-1].at)
    if not ends:
        return Outcome("undecided", "the probe never ended")
    last = ends[-1]
    assert isinstance(last.event, ProbeEnded)
    if last.event.error is None:
        return Outcome("delivered", answer(last.event.message), last.at, netns=last.at)
    if last.event.error == "ECONNREFUSED":
        return refusal(steps, last)
    if fatal is None:
        return Outcome("unanswered", last.event.error, last.at, netns=last.at, told=heard(last.event.error))
    assert isinstance(fatal.event, Dropped)
    verdict: VerdictName = "looped" if fatal.event.reason is DropReason.IP_INHDR else "dropped"
    told = heard(last.event.error)
    return Outcome(
        verdict,
        fatal.event.reason,
        place(fatal),
        fatal.event.by,
        fatal.at,
        told,
        why_dropped(fatal, fatal.event),
    )


def first_death(steps: Sequence[Step], ends: Sequence[Step]) -> Step | None:
    """The first packet of the last act that died; copies for bystanders (OTHERHOST) and news of other packets are not the story."""
    begin = ends[-2].seq if len(ends) > 1 else -1
    return next(
        (
            s
            for s in steps[begin + 1 :]
            if isinstance(s.event, Dropped)
            and s.event.reason is not DropReason.OTHERHOST
            and news(s.event.skb) is None
        ),
        None,
    )


def news(skb: Skb | None) -> Icmp | None:
    """The ICMP message of a packet that is about another one, which has a fate of its own."""
    if skb is None or skb.is_arp or not isinstance(skb.ip.payload, Icmp):
        return None
    return skb.ip.payload if skb.ip.payload.quoted else None


def refusal(steps: Sequence[Step], end: Step) -> Outcome:
    """Who said no: a REJECT rule, a machine without a listener, or one that knows no such port."""
    for step in reversed(steps[: end.seq]):
        match step.event:
            case HookPassed(verdict="REJECT", by=by):
                return Outcome("rejected", Reject().icmp_with, place(step), by, netns=step.at)
            case IcmpSent(skb=skb, by=by) if (told := news(skb)) and told.type != icmp.REDIRECT:
                return Outcome("rejected", "icmp-port-unreachable", step.at, by, netns=step.at)
            case SegmentSent(skb=skb) if (
                skb and isinstance(skb.ip.payload, Tcp) and "RST" in skb.ip.payload.flags
            ):
                return Outcome("rejected", "tcp-reset", step.at, netns=step.at)
            case _:
                continue
    return Outcome("rejected", "ECONNREFUSED", end.at, netns=end.at)


def heard(error: Errno) -> Errno | None:
    """A time-out is what silence looks like."""
    return None if error == "ETIMEDOUT" else error


def answer(message: Message | None) -> str:
    return f"{message.status} {message.reason}" if isinstance(message, HttpResponse) else "answered"


def place(step: Step) -> str:
    return f"{step.at}/{step.event.dev}" if step.event.dev else step.at
