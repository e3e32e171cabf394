"""The JSON schema of what is written as text, for editors and validators of others."""

from __future__ import annotations

from typing import Any


def text_like(title: str, form: str, *examples: str, **more: Any) -> dict[str, Any]:
    """The schema of a text that matches ``form`` as a whole, a pattern in the dialect of ECMA 262.

    Where it does not, an editor shows the first of the examples (``patternErrorMessage`` is
    understood by those of VS Code's family, and read over by others). ``more`` are keywords.
    """
    hint = f"not a {title}; write it like '{examples[0]}'"
    about = {"title": title, "examples": list(examples), "patternErrorMessage": hint}
    return {"type": "string", "pattern": f"^(?:{form})$", **about, **more}
