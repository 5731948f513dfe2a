"""Forms in which code imports, names, loads and reads, by kind and by what must become of each: none of them is special.

`sound` runs from its archive, `refused` does not run from its whole folder either, `not known` is refused until it is
declared.
"""

from __future__ import annotations

from tests.archive.forms import (
    aliases,
    arguments,
    control_flow,
    data_files,
    imports,
    loading,
    members,
    names,
    order,
    other_ways,
    pages,
)

FORMS: dict[str, dict[str, dict[str, str]]] = {
    **imports.FORMS,
    **aliases.FORMS,
    **arguments.FORMS,
    **control_flow.FORMS,
    **data_files.FORMS,
    **loading.FORMS,
    **members.FORMS,
    **names.FORMS,
    **order.FORMS,
    **other_ways.FORMS,
    **pages.FORMS,
}
