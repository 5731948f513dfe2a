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
}  # fmt: skip
