"""A small sound file to spoil, and what the loader says of it then."""

from collections.abc import Collection, Mapping

import pytest

from app.scenario.assemble import Override, scenario
from app.scenario.faults import ScenarioError
from app.scenario.load import parse
from app.scenario.model import Scenario

SCENARIO = """\
apiVersion: packet-journeys/v1
kind: Scenario
title: A title
question: A question?
summary: A summary.
proxy: {mode: iptables}
outside:
  hosts:
    - {name: client, address: 203.0.113.50, names: [api.example], serves: [{port: 80, body: hello}]}
  names: {shop.example: 198.51.100.11}
settings:
  backend:
    label: Where the pod is
    default: near
    options:
      near: {label: Here}
      far:
        label: There
        patch:
          scenario: {probes: [{from: pod/a, to: pod/c}]}
probes:
  - {from: pod/a, to: pod/b}
beats:
  - {id: one, text: It begins., on: {event: SegmentSent}}
"""

NODE = """\
---
apiVersion: v1
kind: Node
metadata: {name: NAME}
spec: {podCIDR: BLOCK}
status:
  addresses:
    - {type: InternalIP, address: ADDRESS}
"""

POD = """\
---
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {app: NAME}}
spec:
  nodeName: NODE
  containers:
    - {name: app, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 5353, protocol: UDP}]}
status: {podIP: ADDRESS}
"""

SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec:
  type: NodePort
  clusterIP: ADDRESS
  selector: {app: b}
  ports:
    - {name: http, port: 80, targetPort: http, nodePort: PORT}
"""


def node(name: str, block: str, address: str) -> str:
    return NODE.replace("NAME", name).replace("BLOCK", block).replace("ADDRESS", address)


def pod(name: str, on: str, address: str) -> str:
    return POD.replace("NAME", name).replace("NODE", on).replace("ADDRESS", address)


def service(name: str, address: str, port: int) -> str:
    return SERVICE.replace("NAME", name).replace("ADDRESS", address).replace("PORT", str(port))


SMALL = "".join(
    [
        SCENARIO,
        node("n1", "10.244.1.0/24", "192.168.1.10"),
        node("n2", "10.244.2.0/24", "192.168.2.10"),
        pod("a", "n1", "10.244.1.2"),
        pod("b", "n1", "10.244.1.3"),
        pod("c", "n2", "10.244.2.2"),
        service("web", "10.96.0.80", 30080),
    ]
)


def spoilt(*changes: tuple[str, str], text: str = SMALL) -> str:
    """The small file with these first occurrences replaced; what is to be replaced must be there."""
    for before, after in changes:
        assert before in text, f"{before!r} is not in the small file"
        text = text.replace(before, after, 1)
    return text


def read(
    text: str | bytes,
    settings: Mapping[str, str] | None = None,
    override: Override | None = None,
    breaks: Collection[str] = (),
) -> Scenario:
    data = text if isinstance(text, bytes) else text.encode()
    return scenario(parse(data, "f.yaml", "f"), settings, override, breaks)


def faults(
    text: str | bytes,
    settings: Mapping[str, str] | None = None,
    override: Override | None = None,
    breaks: Collection[str] = (),
) -> list[str]:
    """Every line that the loader prints for this file, which it must refuse."""
    with pytest.raises(ScenarioError) as refused:
        read(text, settings, override, breaks)
    return str(refused.value).splitlines()


def line_of(words: str, text: str = SMALL) -> int:
    """The line on which these words first stand."""
    return text[: text.index(words)].count("\n") + 1
