"""Names that the standard library and the locked distributions have, had, or do not have yet."""

from __future__ import annotations

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "names of the library": {
        "sound": {
            "std removed module": "import asynchat, asyncore, smtpd",
            "std distutils": "from distutils.version import LooseVersion",
            "std submodule": "import xml.etree.ElementTree, os.path, concurrent.futures.thread, importlib.metadata\n",
            "std cElementTree": "import xml.etree.cElementTree",
            "std version guarded": "import sys\nif sys.version_info >= (3, 12):\n    from itertools import batched\nelse:\n    batched = None",
            "std hasattr guard": "import time\nclock = time.clock if hasattr(time, 'clock') else time.time\nclock()",
            "std datetime.UTC": "from datetime import UTC",
            "std private": "from collections import _chain",
            "std attr guarded": "import time\ntry:\n    clock = time.clock\nexcept AttributeError:\n    clock = time.time\nclock()",
            "std attr set": "import time\ntime.nonsense = 1\ntime.nonsense",
            "std attr platform": "import os, sys\nif sys.platform == 'win32':\n    os.startfile('x')\nos.getpid()",
            "std attrs many": "import os, sys, json, logging, socket, signal, datetime, urllib.request, concurrent.futures\nos.path.join('a', 'b'), os.environ.get('x'), sys.stdout.write(''), json.JSONDecodeError, logging.handlers if hasattr(logging, 'handlers') else 1, socket.AF_INET, signal.SIGTERM, datetime.datetime.now(), urllib.request.urlopen, concurrent.futures.ThreadPoolExecutor, urllib.parse.quote('x'), os.name, sys.version_info, sys.exc_info, logging.INFO",
        },
        "refused": {
            "std absent attr import": "from typing import NoSuchThing",
            "std moved": "from asyncio import coroutine",
            "std inspect": "from inspect import getargspec",
            "std 3.12 only": "from itertools import batched",
            "std 3.12 typing": "from typing import override",
            "std 3.13": "from warnings import deprecated",
            "std ABCs": "from collections import OrderedDict, Iterable",
            "std fractions gcd": "from fractions import gcd",
            "std formatter": "import formatter",
            "std attr use": "import collections\ncollections.Mapping",
            "std base64": "import base64\ndef handle(request):\n    return base64.encodestring(b'x')",
        },
    },
    "names of distributions": {
        "sound": {
            "google pubsub types": "from google.cloud.pubsub_v1 import types, PublisherClient\nfrom google.cloud import firestore\nfirestore.Client, types.PubsubMessage",
            "google deep": "from google.api_core.exceptions import NotFound, DeadlineExceeded\nfrom google.api_core import retry, exceptions as e\ne.Conflict",
            "framework": "import functions_framework\n@functions_framework.http\ndef handle(request):\n    return 1",
            "grpc": "import grpc\ngrpc.StatusCode.OK",
            "guarded locked": "try:\n    from flask import Markup\nexcept ImportError:\n    from markupsafe import Markup\nMarkup('x')",
            "flask attrs": "import flask, werkzeug.exceptions, google.api_core.exceptions as e\nflask.Request, flask.request, flask.abort, flask.jsonify, werkzeug.exceptions.NotFound, e.NotFound, e.GoogleAPICallError",
            "firestore attrs": "from google.cloud import firestore, pubsub_v1\nfirestore.Client, firestore.SERVER_TIMESTAMP, firestore.ArrayUnion, firestore.transactional, pubsub_v1.PublisherClient, pubsub_v1.types.PubsubMessage, firestore.FieldFilter",
        },
        "refused": {
            "flask Markup": "from flask import Markup, escape",
            "flask attr": "import flask\nflask.Markup",
            "flask.json.JSONEncoder": "from flask.json import JSONEncoder",
            "werkzeug attr lazy": "import werkzeug\ndef handle(request):\n    return werkzeug.urls.url_quote('x')",
            "werkzeug safe_str_cmp": "from werkzeug.security import safe_str_cmp",
            "jinja2 Markup": "from jinja2 import Markup, contextfilter",
            "google lazy absent": "def handle(request):\n    from google.cloud import bigquery_nothing\n",
            "google absent exc": "from google.api_core.exceptions import Nothing",
            "google cloud absent": "import google.cloud.spanner",
            "framework absent": "from functions_framework import nothing",
        },
    },
    "annotations": {
        "sound": {
            "evaluated": "from __future__ import annotations\nimport typing, dataclasses\nfrom decimal import Decimal\n@dataclasses.dataclass\nclass C:\n    x: Decimal\n    y: 'Decimal'\nHINTS = typing.get_type_hints(C)\n",
            "unasked": "from __future__ import annotations\nimport typing, dataclasses\nif typing.TYPE_CHECKING:\n    from decimal import Decimal\n@dataclasses.dataclass\nclass C:\n    x: Decimal\n    z: typing.ClassVar[Decimal]\n",
            "literal": "import typing\nclass C:\n    x: typing.Literal['Nope', 'Yes']\n    y: typing.Annotated[int, 'words of meaning']\n\ndef handle(request):\n    return str(typing.get_type_hints(C))\n",
            "guarded": "from __future__ import annotations\nfrom typing import TYPE_CHECKING, get_type_hints\nif TYPE_CHECKING:\n    from flask import Request\ndef work(r: Request) -> None: ...\ntry:\n    get_type_hints(work)\nexcept NameError:\n    pass\n",
            "given names": "from __future__ import annotations\nfrom typing import TYPE_CHECKING, get_type_hints\nif TYPE_CHECKING:\n    from flask import Request\nimport flask\ndef work(r: Request) -> None: ...\nget_type_hints(work, globalns={'Request': flask.Request})\n",
            "self ref": "from __future__ import annotations\nimport typing\nclass Node:\n    left: Node | None\n    Inner: typing.ClassVar[type] = int\n    def go(self, o: Node) -> Node: ...\ntyping.get_type_hints(Node)\ntyping.get_type_hints(Node.go)\n",
            "signature": "from __future__ import annotations\nimport inspect\ndef work(r: Nope) -> None: ...\ninspect.signature(work)\n",
            "singledispatch": "from __future__ import annotations\nfrom functools import singledispatch\nfrom decimal import Decimal\n@singledispatch\ndef show(x): return x\n@show.register\ndef _(x: Decimal) -> None: ...\n",
        },
        "refused": {
            "for type checkers only": "from __future__ import annotations\nimport typing, dataclasses\nif typing.TYPE_CHECKING:\n    from decimal import Decimal\n@dataclasses.dataclass\nclass C:\n    x: Decimal\nHINTS = typing.get_type_hints(C)\n",
            "string": "import typing\nclass C:\n    x: 'Nope'\ndef load(cls):\n    return typing.get_type_hints(cls)\ndef handle(request):\n    return str(load(C))\n",
            "string nested": "import typing\nclass C:\n    x: typing.Optional['Nope']\n\ndef handle(request):\n    return str(typing.get_type_hints(C))\n",
            "function": "from __future__ import annotations\nfrom typing import TYPE_CHECKING, get_type_hints as hints\nif TYPE_CHECKING:\n    from flask import Request\ndef work(r: Request) -> None: ...\nTABLE = {f.__name__: hints(f) for f in (work,)}\n",
            "decorator": "from __future__ import annotations\nfrom typing import TYPE_CHECKING, get_type_hints\nif TYPE_CHECKING:\n    from flask import Request\ndef inject(f):\n    f.needs = get_type_hints(f)\n    return f\n@inject\ndef work(r: Request) -> None: ...\n",
            "signature eval_str": "from __future__ import annotations\nimport inspect\ndef work(r: Nope) -> None: ...\ninspect.signature(work, eval_str=True)\n",
            "singledispatch of what is not there": "from __future__ import annotations\nfrom functools import singledispatch\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from decimal import Decimal\n@singledispatch\ndef show(x): return x\n@show.register\ndef _(x: Decimal) -> None: ...\n",
        },
    },
}  # fmt: skip
