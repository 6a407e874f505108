"""Templates and their contexts: every name used is documented, and every field is used."""

import pytest
from jinja2 import meta, nodes

from app.web import contexts
from app.web.contexts import Context
from app.web.render import environment

CONTEXTS = [
    found
    for found in vars(contexts).values()
    if isinstance(found, type) and issubclass(found, Context) and found is not Context
]
INHERITED = {"base.html", "icons.html", "_broken.html", "_checked.html", "diagram/shape.svg"}


def names_in(template: str) -> set[str]:
    """Names that a template and what it includes take from outside."""
    env = environment()
    source, _, _ = env.loader.get_source(env, template)  # type: ignore[union-attr]
    tree = env.parse(source)
    found = set(meta.find_undeclared_variables(tree)) - set(env.globals)
    imported = {
        name for node in tree.find_all(nodes.FromImport) for name in node.names if isinstance(name, str)
    }
    for other in filter(None, meta.find_referenced_templates(tree)):
        found |= names_in(other)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    return found - imported - own


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda context: context.__name__)
def test_a_template_uses_what_its_context_documents(context: type[Context]) -> None:
    assert names_in(context.TEMPLATE) == set(context.__struct_fields__)


def test_every_template_has_a_context() -> None:
    templates = set(environment().list_templates())
    assert templates == {context.TEMPLATE for context in CONTEXTS} | INHERITED


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda context: context.__name__)
def test_a_context_says_what_it_is(context: type[Context]) -> None:
    assert context.__doc__ and context.TEMPLATE in context.__doc__
