from __future__ import annotations

import typing
from typing import TYPE_CHECKING

import functions_framework

if TYPE_CHECKING:
    import pandas
    from shared.types import Row
if not typing.TYPE_CHECKING:
    from shared import real


@functions_framework.http
def handle(request: Row) -> pandas.DataFrame:
    local: Row = real
    return isinstance(local, Row)
