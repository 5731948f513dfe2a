"""Where code writes to Firestore: by what is reached, by either client, and by a computed name."""

from __future__ import annotations

import pytest

from blueprint.archive.writes import firestore_writes

LOW = b"""
import sys
from google.cloud.firestore_v1.services.firestore import FirestoreClient

class Store:
    def read(self): return self.client.batch_get_documents({})
    def write(self): return self.client.commit({})

def log(): sys.stdout.write("x")
"""
HIGH = b"""
from google.cloud import firestore
db = firestore.Client()

def read(): return db.collection("c").document("d").get()
def put(): return db.collection("c").document("d").set({})
"""


def writes(main: bytes, **others: bytes) -> list[tuple[str, int]]:
    return list(firestore_writes({"main": main, **others}))


@pytest.mark.parametrize(
    ("main", "found"),
    [
        (b"from store import Store, log\ndef go(): log(); return Store().read()\nrun(go)", []),
        (b"from store import Store\ndef go(): return Store().write()\nrun(go)", [("store", 7)]),
        (b"from store import Store\ndef idle(): return Store().write()\n", []),
        (b"from store import Store\nrun(Store().write)", [("store", 7)]),
        (b"from store import Store\nclass A:\n    def __call__(self): Store().write()\nA()()", [("store", 7)]),
        (b"from store import Store\n@Store.write\ndef go(): ...\n", [("store", 7)]),
        (b"import os\nos.environ.setdefault('a', 'b')\nx = {}\nx.update(a=1)\n", []),
        (
            b"import store\ndef write(): ...\nclass A:\n    def __init__(self): Store().write()\ndef go(run): run()\ngo(store.log)",
            [],
        ),
        (b"import store\ndef go(write): write()\ngo(store.Store().write)", [("store", 7)]),
        (b"from store import Store\nname = 'wri' + 'te'\ngetattr(Store(), name)()\n", [("main", 3)]),
    ],
)
def test_what_is_reached_counts(main: bytes, found: list[tuple[str, int]]) -> None:
    assert writes(main, store=LOW) == found


def test_methods_of_the_hand_written_client_count_where_it_is_used() -> None:
    assert writes(b"import store\nstore.read()", store=HIGH) == []
    assert writes(b"import store\nstore.put()", store=HIGH) == [("store", 6)]
    assert writes(b"import store\ndef go(d): d.update({})\ngo(store.read())", store=HIGH) == [("main", 2)]


def test_a_file_is_read_alike_whichever_program_it_is_in() -> None:
    main = b"import store\nstore.Store().commit()\nfrom store import commit as c\nc()\nc()\n"
    assert writes(main, store=LOW) == [("main", 2), ("main", 4), ("main", 5)]
    assert writes(main) == [("main", 2)]
    assert writes(main, store=LOW) == [("main", 2), ("main", 4), ("main", 5)]
