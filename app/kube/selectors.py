"""Label selectors: which objects carry all the pairs that are asked for."""

from app.kube.objects import Labels


def selects(selector: Labels, labels: Labels) -> bool:
    """An empty selector selects nothing here: a Service without one has its endpoints written by hand."""
    return bool(selector) and set(selector) <= set(labels)
