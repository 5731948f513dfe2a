from __future__ import annotations

import functions_framework

try:
    unicode
except NameError:
    unicode = str


class Table:
    rows = 3
    double = rows * 2
    cells = [row for row in range(rows)]

    def __init__(self, other: NotImportedAnywhere) -> None:
        self.kind = __class__.__name__
        nonlocal_later = later


def outer():
    count = 0

    def inner():
        nonlocal count
        count += 1
        return count

    return inner


@functions_framework.http
def handle(request):
    global counter
    counter = 1
    while (chunk := request) and chunk is None:
        del chunk
    match request:
        case {"a": first, **rest}:
            return first, rest
        case [head, *tail]:
            return head, tail
    try:
        pass
    except* ValueError as group:
        print(group)
    return [__file__, __name__, __doc__, counter, (lambda x, *y, **z: (x, y, z))(1), {k: v for k, v in {}.items()}]


later = 1
