"""The command `audit-functions`. Its parts lie in this folder under the names that they have in their checkout.

They are put on the path of this process alone, first, so that other packages of these names are not met.
"""

import sys
from pathlib import Path


def main() -> int:
    """Run the command and return its exit code."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from ops.audit import command

    return command()
