"""Every stack plans soundly: what a pull request breaks is told by its place and its sentence."""

from __future__ import annotations

import unittest
from pathlib import Path

from ops.report.gather import gather

ROOT = Path(__file__).resolve().parents[1]
STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))


class Plans(unittest.TestCase):
    """What `ops plan` says, as a test."""

    def test_every_stack_is_sound(self) -> None:
        """A finding fails with its place and its sentence."""
        for stack in STACKS:
            with self.subTest(stack=stack):
                plan = gather(ROOT, stack)
                self.assertEqual([f"{each.at}: {each.message}" for each in plan.violations], [])
                self.assertGreater(len(plan.resources), 0)


if __name__ == "__main__":
    unittest.main()
