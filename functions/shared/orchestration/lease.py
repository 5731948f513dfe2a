"""A lease: how long it keeps others from a date, and how it is renewed while its holder works.

The lease itself is short, because after a kill everybody has to wait until it ends. An attempt that is slow, at a gate or
at a publication, renews it meanwhile from a thread of its own, as long as its calls may take at all. A renewal that does
not succeed costs nothing but a repeated publication under the same id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.decisions import transition
from shared.decisions.effects import Unavailable
from shared.decisions.transition import Context
from shared.declaration.view import Boundary
from shared.google.firestore import DocumentStore

SECONDS = 20
"""How long a lease lasts that nobody renews: what the next delivery or tick waits for after a kill, at most."""
RENEWALS = 4
"""How often a lease is renewed in the time that it lasts."""
WORK_SECONDS, WORK_SECONDS_PER_GATE = 60, 45
"""What may be done under leases: one publication and its mark, and a look at each gate, each call at its deadline."""


def seconds(longest: int) -> int:
    """Return for how many seconds a lease keeps others away; `longest` is what the declaration allows."""
    return min(longest, SECONDS)


def work_seconds(boundary: Boundary) -> int:
    """Return for how many seconds an attempt may work, and so renew its lease."""
    return WORK_SECONDS + WORK_SECONDS_PER_GATE * len(boundary.gates or ())


@contextmanager
def renewed(store: DocumentStore, context: Context, until: float) -> Iterator[None]:
    """Renew the attempt's lease during the block, until the monotonic time `until` at the latest."""
    ended = threading.Event()
    work = threading.Thread(target=_renew, args=(store, context, until, ended), name="lease", daemon=True)
    work.start()
    try:
        yield
    finally:
        ended.set()


def _renew(store: DocumentStore, context: Context, until: float, ended: threading.Event) -> None:
    while not ended.wait(context.lease / RENEWALS) and time.monotonic() < until:
        try:
            snapshot = store.read(context.boundary.upstream.collection, context.date)
            changes = transition.renewed(context, snapshot.document, snapshot.time)
            if not changes:
                return
            if not ended.is_set():
                store.write(snapshot, changes)  # refused where the document changed: the next turn tries again
        except Unavailable:
            continue
