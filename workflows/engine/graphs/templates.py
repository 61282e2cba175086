"""An agent's prompt as a template: `{name}` is an input, every other brace is doubled, `str.format` fills it.

A field is a bare name. Attributes, indexes, conversions and format specs are refused: `{x.__class__}` in a
prompt that somebody posted would read the server's own objects.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from string import Formatter
from typing import Final

from workflows.engine.text import cut, listed

IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACES: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")
_OUTPUT_FORMAT: Final = re.compile(r"^#{1,6} Output Format\b", re.MULTILINE | re.IGNORECASE)

Part = tuple[str, str | None, str | None, str | None]


def prompt_problems(prompt: str, inputs: Collection[str]) -> list[str]:
    """What keeps `prompt.format(**inputs)` from working, or from using every input."""
    try:
        parts: list[Part] = list(Formatter().parse(prompt))
    except ValueError:
        return ["the prompt has a single brace; write literal braces as {{ and }}"]
    fields = dict.fromkeys(_source(part) for part in parts if part[1] is not None)
    known = {f"{{{name}}}" for name in inputs}
    offered = listed(sorted(known)) or "none"
    unknown = [
        f"the prompt names {cut(field, 80)}, which is no input (inputs: {offered}); "
        "name an input, or double the braces if they are meant literally"
        for field in fields
        if field not in known
    ]
    missing = [
        f"the prompt does not use the input {cut(name, 80)!r}; put {{{cut(name, 80)}}} where it belongs"
        for name in inputs
        if f"{{{name}}}" not in fields
    ]
    return unknown + missing


def filled(prompt: str, values: Mapping[str, str]) -> str:
    """The prompt with its inputs. For a prompt without `prompt_problems`; braces in values mean nothing."""
    # `str.format` would do the same, and more for a prompt that was not checked.
    parts: Iterable[Part] = Formatter().parse(prompt)
    return "".join(text + (values[name] if name is not None else "") for text, name, _, _ in parts)


def completed(prompt: str, inputs: Iterable[str], outputs: Iterable[str]) -> str:
    """The prompt with everything mended that needs no judgement.

    Braces that cannot be a field become literal, an input that stands nowhere gets its `<input>` section, an
    output its heading. A field that looks like a name but is no input stays: only the model knows why.
    """
    names = list(inputs)
    text = _with_literal_braces(prompt, names)
    fields = {part[1] for part in Formatter().parse(text)}
    missing = "\n".join(f"<input>{{{name}}}</input>" for name in names if name not in fields)
    if missing:
        text = _before_output_format(text, f"### Inputs\n{missing}")
    headings = [name for name in outputs if not re.search(rf"^#+ {re.escape(name)}\b", text, re.MULTILINE)]
    if headings:
        lead = "" if _OUTPUT_FORMAT.search(text) else "### Output Format\n"
        text = f"{text.rstrip()}\n\n{lead}" + "\n\n".join(f"## {name}\nThe {name}." for name in headings)
    return text


def _with_literal_braces(prompt: str, inputs: list[str]) -> str:
    try:
        parts: list[Part] = list(Formatter().parse(prompt))
    except ValueError:
        # Not a template at all: taken as plain text in which only `{input}` is a field.
        return _escaped(prompt, inputs)
    return "".join(_doubled(part[0]) + _field(part, inputs) for part in parts)


def _field(part: Part, inputs: list[str]) -> str:
    if part[1] is None:
        return ""
    source = _source(part)
    is_bare_name = IDENTIFIER.fullmatch(source[1:-1]) is not None
    return source if is_bare_name else _escaped(source, inputs)


def _escaped(text: str, inputs: list[str]) -> str:
    """Every brace doubled, but for `{input}`."""
    return _BRACES.sub(lambda m: m[0] if m[1] in inputs else _doubled(m[0]), text)


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _source(part: Part) -> str:
    """The field as it was written."""
    _, name, spec, conversion = part
    return f"{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"


def _before_output_format(text: str, section: str) -> str:
    heading = _OUTPUT_FORMAT.search(text)
    if heading is None:
        return f"{text.rstrip()}\n\n{section}"
    return f"{text[: heading.start()].rstrip()}\n\n{section}\n\n{text[heading.start() :]}"
