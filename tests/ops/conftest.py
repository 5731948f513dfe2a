"""A project of a few lines for tests of the embedded engine; the real one is planned in `test_prod`."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.embedded.engine import Evaluation, evaluate

PROJECT = """
name: small
runtime: python
config:
  projectId: {type: string, description: The Google Cloud project.}
  workers: {type: integer, default: 3, description: How many.}
"""
STACK = """
config:
  small:projectId: some-project
  pulumi:disable-default-providers: [gcp]
"""
PRELUDE = """
import pulumi
import pulumi_gcp as gcp

provider = gcp.Provider("provider", project="some-project", region="europe-west1")
own = pulumi.ResourceOptions(provider=provider)
"""
Build = Callable[..., Path]
Run = Callable[[str], Evaluation]


@pytest.fixture
def project(tmp_path: Path) -> Build:
    """Return a function that writes a project: a program, and its two configuration files."""

    def build(program: str, *, project: str = PROJECT, stack: str = STACK) -> Path:
        (tmp_path / "Pulumi.yaml").write_text(project)
        (tmp_path / "Pulumi.prod.yaml").write_text(stack)
        (tmp_path / "__main__.py").write_text(PRELUDE + textwrap.dedent(program))
        return tmp_path

    return build


@pytest.fixture
def run(project: Build) -> Run:
    """Return a function that evaluates a program; the provider and its options are already declared."""
    return lambda program: evaluate(project(program), "prod")


def written(terminal: int) -> Iterator[bytes]:
    """Yield what is written to a terminal, as it comes, until nobody writes to it any more; then close it."""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        yield chunk
    os.close(terminal)
