"""What the YAML parser says, in words that name the mistake and its cure.

The parser tells which of its rules did not apply. A person wants to know what to change: most often an indentation, a
tab, a colon or a quote.
"""

from __future__ import annotations

import yaml

_BY_PROBLEM = {
    "mapping values are not allowed in this context": "a colon follows a value that is complete already; indent the line like its neighbours, or put text that holds ': ' in quotes",
    "block sequence entries are not allowed in this context": "a list begins beside a value; put it on lines of its own below the key",
    "could not find expected ':'": "this line has no colon after its key; write `key: value`, or put the text above in quotes",
    "did not find expected '-' indicator": "this line stands in a list and begins with no dash; begin it with `- `, or indent it below its item",
    "did not find expected ',' or ']'": "the list that begins here is not closed; add `]`, or a comma between its items",
    "did not find expected ',' or '}'": "the mapping that begins here is not closed; add `}`, or a comma between its entries",
    "did not find expected node content": "a value is missing here; add it, or remove the comma or bracket",
    "found unknown escape character": "a backslash in double quotes begins an escape that YAML does not know; use single quotes, or write two backslashes",
    "found invalid Unicode character escape code": "an escape names no character; correct its digits",
    "found a tab character that violates indentation": "a tab stands where the line is indented; use spaces",
    "did not find expected <document start>": "text follows the end of the document; remove the line `...` or what follows it",
    "found undefined tag handle": "a tag is used that nothing defines; remove it",
    "did not find expected alphabetic or numeric character": "a name must follow `*` or `&`; add it, or put the text in quotes",
}
"""The parser's verdict → what is wrong and what to do. Where it looks far behind the mistake, the place is the context's."""
_AT_CONTEXT = ("did not find expected ',' or", "found unexpected end of stream")


def in_our_words(error: yaml.MarkedYAMLError, text: str) -> tuple[str, yaml.Mark | None]:
    """Return one sentence for an error of the parser, and where to look."""
    problem = error.problem or error.context or "it cannot be read"
    mark = error.problem_mark or error.context_mark
    if problem.startswith(_AT_CONTEXT) and error.context_mark is not None:
        mark = error.context_mark
    if problem == "found unexpected end of stream":
        words = "a quote or bracket that opens here is never closed; close it"
    elif problem == "did not find expected key":
        words = _unexpected(error)
    elif problem == "found character that cannot start any token":
        words = _unstartable(mark, text)
    else:
        words = _BY_PROBLEM.get(problem, f"{problem}; correct the line, or put the text in quotes")
    return f"This is not YAML: {words}.", mark


def _unexpected(error: yaml.MarkedYAMLError) -> str:
    """A key was due: most often the line is indented differently from the mapping that it belongs to."""
    if error.context_mark is not None and error.problem_mark is not None:
        start, here = error.context_mark, error.problem_mark
        if start.line != here.line and here.column != start.column:
            return f"this line begins in column {here.column + 1}, its mapping on line {start.line + 1} in column {start.column + 1}; align them"
    return "something follows a value that is complete already; remove it, or put the whole value in quotes"


def _unstartable(mark: yaml.Mark | None, text: str) -> str:
    lines = text.split("\n")
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    character = line[mark.column : mark.column + 1] if mark is not None else ""
    if character == "\t":
        return "a tab stands where the line is indented; use spaces"
    return f"no value begins with '{character}'; put the text in quotes"
