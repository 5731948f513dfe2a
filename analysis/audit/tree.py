"""The analysis of archives on anybody's tree of function folders: nothing declared, nothing changed, nothing run.

Each folder with a `main.py` is judged as the platform would load it: its own files, links followed, before the
source roots. Everything found is ordered by what it would do in production.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path

from analysis.audit.checkout import MOST_FUNCTIONS, Checkout
from analysis.audit.deployment import Deploy, DeployedView
from analysis.audit.function import audit_function
from analysis.audit.model import Audit, AuditedFunction, AuditFinding, Site
from analysis.audit.references import references
from analysis.cache import Cache
from analysis.python.budget import OverrunError
from analysis.python.file_tree import Trace, digest, unchanged
from analysis.python.finder import ENTRY
from analysis.python.impact import Impact
from analysis.python.reader import code_fingerprint, roomy
from analysis.python.syntax import PythonVersion
from analysis.python.typed_json import dumps, reader_of


def audit_tree(
    tree: Path,
    *,
    roots: Iterable[Path] = (),
    target_python: PythonVersion,
    cache: Cache | None = None,
    way: Deploy | None = None,
    generated: Collection[str] = (),
) -> Audit:
    """Audit every function folder in `tree`.

    Args:
        tree: a folder of function folders, or one function folder.
        roots: folders that the deployment copies beside every function, in order. Without any, what scripts in the
            tree copy from its top.
        target_python: the runtime's version.
        cache: where results of earlier runs are.
        way: how the folders are deployed.
        generated: files that a build writes into every function's folder, by their path in it.
    """
    cache = cache or Cache(None)
    with roomy():
        checkout = Checkout(tree.absolute(), [root.absolute() for root in roots], target_python, way, cache, generated)
        functions = tuple(_audited(checkout, folder, cache) for folder in checkout.folders[:MOST_FUNCTIONS])
        named = tuple(references(checkout.files, checkout.base))
    cache.flush()
    told = checkout.deployments
    return Audit(functions, checkout.roots, told.copied, tuple(checkout.left_out), told.unread, told.lost, named)


def _audited(checkout: Checkout, folder: str, cache: Cache) -> AuditedFunction:
    """Return what is known of one folder, from the cache if nothing that was looked at has changed."""
    deployment = checkout.deployments.of(folder)
    files = DeployedView(checkout.files, deployment.hidden) if deployment.hidden else checkout.files
    parts = [
        code_fingerprint(Path(__file__).parent),
        checkout.target,
        os.path.relpath(folder, checkout.base),
        [(os.path.relpath(root.path, checkout.base), root.only) for root in deployment.roots],
        sorted(checkout.own_names),
        checkout.deployments.way,
        sorted(checkout.generated),
        checkout.deployments.by_framework(folder),
        deployment.unread,
        os.path.basename(checkout.common_requirements),
    ]
    key = digest(json.dumps(parts).encode())
    payload = cache.get("audits", key)
    if payload is not None:
        record = json.loads(payload)
        if unchanged(files, checkout.base, record["looks"]):
            known: AuditedFunction = reader_of(AuditedFunction)(record["function"])
            return known
    trace = Trace(files)
    try:
        function = audit_function(checkout, trace, folder, deployment)
    except (OverrunError, RecursionError, MemoryError) as error:
        return _overrun(checkout, folder, str(error) or "it is nested too deeply or too large to be read")
    if cache.folder is not None:
        cache.put("audits", key, dumps({"looks": trace.looks(checkout.base), "function": function}))
    return function


def _overrun(checkout: Checkout, folder: str, why: str) -> AuditedFunction:
    """Return the verdict about a folder that cannot be read to its end."""
    site = Site(checkout.place(f"{folder}/{ENTRY}.py"), 0)
    finding = AuditFinding(Impact.NOT_KNOWN, "overrun", site.file, f"{why}; what is behind is not known.", (site,))
    return AuditedFunction(checkout.place(folder), 0, (), 0, 0, (), 0, (finding,))
