"""What autodoc takes of a class: the signature of its __init__, and its methods and properties."""

from inspect import isroutine
from typing import Any

from sphinx.util import inspect


def of_init(app: Any, what: str, name: str, obj: Any, options: Any, signature: str, returns: str) -> Any:
    """Sphinx's event autodoc-process-signature, for a class whose __new__ takes anything."""
    if what != "class" or obj.__init__ is object.__init__:
        return None
    own = inspect.signature(obj.__init__, bound_method=True)
    return inspect.stringify_signature(own, show_annotation=False), None


def is_field(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Sphinx's event autodoc-skip-member: a field is described in the text of its class."""
    return True if what == "class" and not isroutine(obj) and not isinstance(obj, property) else None


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-signature", of_init)
    app.connect("autodoc-skip-member", is_field)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
