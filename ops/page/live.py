"""The page of a running local system: the picture with counts, and buttons; what moves on it is asked for by its own script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup

from blueprint.graph import PipelineNode
from blueprint.manifest import Manifest
from ops.page import drawing
from ops.page.document import environment, fingerprint, own
from ops.page.parts import slug

if TYPE_CHECKING:
    from ops.local.days import Day

UNKNOWN = "not yet known"
NOBODY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class LivePage:
    """What of the page stays: the declaration's picture, days that can be played, incidents that can be recreated."""

    manifest: Manifest
    stack: str
    days: Mapping[str, Day]
    incidents: Mapping[str, str]

    @cached_property
    def anchors(self) -> dict[PipelineNode, str]:
        """Return the fragment of everything in the picture."""
        taken: set[str] = set()
        return {node: slug(node.kind, node.name, taken) for node in drawing.picture(self.manifest).nodes}

    @cached_property
    def drawing(self) -> Markup:
        """Return the picture."""
        notes = dict.fromkeys(self.anchors, UNKNOWN)
        return Markup(drawing.draw(drawing.picture(self.manifest, notes, self.anchors)))


def page(shown: LivePage, token: str) -> tuple[str, str]:
    """Return the page's text and its policy: nothing but its own script and style, which may ask its own address."""
    templates = environment()
    style = Markup(own(templates, "picture.css", "page.css", "live.css"))
    script = Markup(own(templates, "live.js"))
    own_code = f"style-src {fingerprint(style)}; script-src {fingerprint(script)}"
    policy = f"default-src 'none'; {own_code}; connect-src 'self'; img-src data:; {NOBODY}"
    text = templates.get_template("live.html").render(page=shown, style=style, script=script, token=token)
    return text, policy
