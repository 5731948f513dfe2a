"""Pages that are taken from folders of templates."""

from __future__ import annotations

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "pages": {
        "sound": {
            "of a loader that is set later": "from jinja2 import Environment, FileSystemLoader\nE = Environment()\nE.loader = FileSystemLoader('pages')\nE.get_template('page.html').render()",
            "in a folder": "from jinja2 import Environment, FileSystemLoader\nE = Environment(loader=FileSystemLoader('pages'))\nE.get_template('page.html').render()",
            "of a package": "import views\nviews.page('one.html')",
            "one of two": "from jinja2 import Environment, FileSystemLoader\nE = Environment(loader=FileSystemLoader('pages'))\nE.select_template(['gone.html', 'base.html']).render()",
            "of two folders": "import jinja2\nE = jinja2.Environment(loader=jinja2.ChoiceLoader([jinja2.DictLoader({'a': 'x'}), jinja2.FileSystemLoader(['pages', 'templates'])]))\nE.get_template('a').render(), E.get_template('page.html').render()",
            "of no file": "import jinja2\njinja2.Environment(loader=jinja2.DictLoader({'a': 'x'})).get_template('a').render()",
        },
        "refused": {
            "absent where the loader that is set later looks": "from jinja2 import Environment, FileSystemLoader\nE = Environment()\nE.loader = FileSystemLoader('pages')\nE.get_template('gone.html').render()",
            "absent in a folder": "from jinja2 import Environment, FileSystemLoader\nE = Environment(loader=FileSystemLoader('pages'))\nE.get_template('gone.html').render()",
            "absent in a package": "import views\nviews.page('two.html')",
            "taken by a page": "from jinja2 import Environment, FileSystemLoader\nE = Environment(loader=FileSystemLoader('pages'))\nE.get_template('torn.html').render()",
            "no folder of the package": "import jinja2\njinja2.PackageLoader('jobs', 'pages')",
            "by a function": "import os, jinja2\ndef made():\n    return jinja2.Environment(loader=jinja2.FileSystemLoader(os.path.join(os.path.dirname(__file__), 'pages')))\nmade().get_template('gone.html').render()",
        },
    },
}  # fmt: skip
