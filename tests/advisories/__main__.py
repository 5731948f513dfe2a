"""`python3 -m tests.advisories PIP-AUDIT LOCK...`: is an advisory published for anything that a lock pins?

Exit code 0 when there is none, or when nobody could be asked, which is said and is no answer; 1 when there is one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ACCEPTED: Mapping[str, str] = {}
"""Advisory → why it does not concern what we use of the package; looked at again with each upgrade."""
OPTIONS = (
    "--format",
    "json",
    "--progress-spinner",
    "off",
    "--disable-pip",
    "--require-hashes",
    "--vulnerability-service",
    "osv",
)
"""Resolves nothing: what is asked about is exactly the rows of the locks."""


def main(program: str, locks: Sequence[str]) -> int:
    """Ask, and print each answer as a sentence."""
    files = [option for lock in locks for option in ("--requirement", lock)]
    done = subprocess.run((program, *OPTIONS, *files), capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1][:300].rstrip(".")
        print(f"Not known: the advisories could not be asked ({reason}).")
        return 0
    found = list(sentences(packages))
    print("\n".join(found) or f"No advisory is known for any of {len(packages)} pinned packages.")
    return 1 if found else 0


def sentences(packages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each advisory that nobody accepted."""
    for package in packages:
        for each in package.get("vulns", ()):
            if not ACCEPTED.keys() & {each["id"], *each.get("aliases", ())}:
                remedy = (
                    f"pin {each['fix_versions'][0]} or newer"
                    if each.get("fix_versions")
                    else "no release is free of it"
                )
                yield f"{package['name']} {package['version']}: {each['id']} is published; {remedy}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
