"""What a `requirements.txt` installs, as far as it can be told without an index.

For trees without a lock. Import names map to distributions by a table of names that differ, else by the name
itself; what well-known distributions bring with them counts as installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from packaging.utils import canonicalize_name as normalise

from analysis.audit.requirements_file import Requirement
from analysis.python.listed_names import ListedNames

# Import names whose distribution has another name; the first is the usual one.
_NAMES: dict[str, tuple[str, ...]] = {
    "Crypto": ("pycryptodome", "pycrypto"),
    "IPython": ("ipython",),
    "Levenshtein": ("levenshtein", "python-levenshtein"),
    "MySQLdb": ("mysqlclient",),
    "OpenSSL": ("pyopenssl",),
    "PIL": ("pillow",),
    "apiclient": ("google-api-python-client",),
    "attr": ("attrs",),
    "bson": ("pymongo",),
    "bs4": ("beautifulsoup4",),
    "cv2": ("opencv-python", "opencv-python-headless"),
    "dateutil": ("python-dateutil",),
    "db_dtypes": ("db-dtypes",),
    "discord": ("discord-py",),
    "dns": ("dnspython",),
    "docx": ("python-docx",),
    "ee": ("earthengine-api",),
    "environ": ("django-environ",),
    "dotenv": ("python-dotenv",),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "firebase_admin": ("firebase-admin",),
    "firebase_functions": ("firebase-functions",),
    "fitz": ("pymupdf",),
    "fluent": ("fluent-logger",),
    "git": ("gitpython",),
    "google.api": ("googleapis-common-protos",),
    "google.api_core": ("google-api-core",),
    "google.appengine": ("appengine-python-standard",),
    "google.auth": ("google-auth",),
    "google.cloud.bigtable_admin": ("google-cloud-bigtable",),
    "google.cloud.client": ("google-cloud-core",),
    "google.cloud.datastore_admin": ("google-cloud-datastore",),
    "google.cloud.exceptions": ("google-cloud-core",),
    "google.cloud.firestore_admin": ("google-cloud-firestore",),
    "google.cloud.firestore_bundle": ("google-cloud-firestore",),
    "google.cloud.functions": ("google-cloud-functions", "functions-framework"),
    "google.cloud.secretmanager": ("google-cloud-secret-manager",),
    "google.cloud.error_reporting": ("google-cloud-error-reporting",),
    "google.cloud.recaptchaenterprise": ("google-cloud-recaptcha-enterprise",),
    "google.cloud.spanner_admin_database": ("google-cloud-spanner",),
    "google.cloud.spanner_admin_instance": ("google-cloud-spanner",),
    "google.cloud.spanner_dbapi": ("google-cloud-spanner",),
    "google.cloud.sql": ("cloud-sql-python-connector",),
    "google.iam": ("grpc-google-iam-v1",),
    "google.logging": ("google-cloud-logging", "googleapis-common-protos"),
    "google.oauth2": ("google-auth",),
    "google.protobuf": ("protobuf",),
    "google.pubsub": ("google-cloud-pubsub",),
    "google.resumable_media": ("google-resumable-media",),
    "google.rpc": ("googleapis-common-protos",),
    "google.type": ("googleapis-common-protos",),
    "google_auth_oauthlib": ("google-auth-oauthlib",),
    "google_auth_httplib2": ("google-auth-httplib2",),
    "gridfs": ("pymongo",),
    "googleapiclient": ("google-api-python-client",),
    "grpc": ("grpcio",),
    "grpc_status": ("grpcio-status",),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "magic": ("python-magic",),
    "markdown": ("markdown",),
    "mpl_toolkits": ("matplotlib",),
    "mysql": ("mysql-connector-python",),
    "nacl": ("pynacl",),
    **dict.fromkeys(
        [
            f"opentelemetry.{name}"
            for name in ("trace", "metrics", "context", "baggage", "propagate", "propagators", "util")
        ],
        ("opentelemetry-api",),
    ),
    "opentelemetry.sdk": ("opentelemetry-sdk",),
    "opentelemetry.semconv": ("opentelemetry-semantic-conventions",),
    "pkg_resources": ("setuptools",),
    "pptx": ("python-pptx",),
    "proto": ("proto-plus",),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "pytds": ("python-tds",),
    "pythonjsonlogger": ("python-json-logger",),
    "pylab": ("matplotlib",),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "slack": ("slackclient",),
    "slugify": ("python-slugify",),
    "snowflake": ("snowflake-connector-python",),
    "socks": ("pysocks",),
    "telegram": ("python-telegram-bot",),
    "usb": ("pyusb",),
    "vertexai": ("google-cloud-aiplatform", "vertexai"),
    "xlsxwriter": ("xlsxwriter",),
    "yaml": ("pyyaml",),
    "zmq": ("pyzmq",),
}
# Modules of `google.cloud` that come with `google-cloud-` and the same name.
_GOOGLE_CLOUD = "aiplatform asset automl bigquery bigquery_datatransfer bigquery_storage bigtable billing build compute"
_GOOGLE_CLOUD += (
    " container dataform dataproc datastore dialogflow dlp documentai error_reporting firestore functions iam"
)
_GOOGLE_CLOUD += (
    " kms language logging monitoring ndb pubsub pubsublite redis run scheduler spanner speech storage tasks"
)
_GOOGLE_CLOUD += " texttospeech trace translate videointelligence vision workflows"
_IN_IMAGES = {"pip", "pkg_resources", "setuptools", "wheel"}
_NAMESPACES = {"google", "google.cloud", "google.ads", "google.analytics", "google.maps", "azure", "opentelemetry"}

_FLASK = "flask werkzeug jinja2 click itsdangerous markupsafe blinker"
_REQUESTS = "urllib3 certifi idna charset-normalizer"
_GOOGLE = f"google-api-core google-auth googleapis-common-protos protobuf requests {_REQUESTS} pyasn1 pyasn1-modules proto-plus"
_GRPC = "grpcio grpcio-status"
_PLOTS = "numpy pillow python-dateutil packaging six contourpy cycler fonttools kiwisolver pyparsing"
# What a distribution brings with it; the buildpack installs functions-framework where nobody asks for it.
_BRINGS: dict[str, str] = {
    "functions-framework": f"{_FLASK} cloudevents gunicorn watchdog starlette uvicorn uvicorn-worker anyio h11 idna typing-extensions deprecation packaging",
    "flask": _FLASK,
    "requests": _REQUESTS,
    "pandas": "numpy python-dateutil six",
    "scikit-learn": "numpy scipy joblib threadpoolctl",
    "scipy": "numpy",
    "xgboost": "numpy scipy",
    "lightgbm": "numpy scipy",
    "catboost": "numpy scipy pandas matplotlib six",
    "matplotlib": _PLOTS,
    "seaborn": f"matplotlib pandas {_PLOTS}",
    "db-dtypes": "pandas numpy pyarrow packaging",
    "pandas-gbq": f"pandas numpy pyarrow db-dtypes google-cloud-bigquery pydata-google-auth google-auth-oauthlib {_GOOGLE}",
    "boto3": "botocore s3transfer jmespath python-dateutil six urllib3",
    "httpx": "httpcore anyio certifi idna h11",
    "aiohttp": "yarl multidict attrs frozenlist aiosignal idna",
    "fastapi": "starlette pydantic anyio idna typing-extensions",
    "pydantic": "typing-extensions pydantic-core annotated-types",
    "sqlalchemy": "typing-extensions",
    "beautifulsoup4": "soupsieve typing-extensions",
    "selenium": "urllib3 trio trio-websocket wsproto h11 certifi idna attrs outcome sniffio sortedcontainers typing-extensions",
    "firebase-functions": f"firebase-admin flask google-cloud-firestore pyjwt pyyaml flask-cors google-events cloudevents {_GOOGLE} {_GRPC}",
    "opentelemetry-sdk": "opentelemetry-api opentelemetry-semantic-conventions typing-extensions",
    "pymongo": "dnspython",
    "firebase-admin": f"google-cloud-firestore google-cloud-storage cachecontrol msgpack pyjwt {_GOOGLE} {_GRPC}",
    "google-api-python-client": f"{_GOOGLE} httplib2 google-auth-httplib2 uritemplate pyparsing",
    "google-cloud-aiplatform": f"google-cloud-bigquery google-cloud-storage google-cloud-resource-manager {_GOOGLE} {_GRPC} pydantic",
    "google-cloud-bigquery": "google-cloud-core google-resumable-media google-crc32c python-dateutil six packaging",
    **dict.fromkeys(("google-cloud-bigtable", "google-cloud-datastore", "google-cloud-firestore"), "google-cloud-core"),
    "google-cloud-logging": "google-cloud-core google-cloud-appengine-logging google-cloud-audit-log grpc-google-iam-v1",
    "google-cloud-pubsub": "grpc-google-iam-v1 opentelemetry-api opentelemetry-sdk",
    "google-cloud-spanner": "google-cloud-core grpc-google-iam-v1 grpc-interceptor sqlparse",
    "google-cloud-storage": "google-cloud-core google-resumable-media google-crc32c",
    "google-auth": "pyasn1 pyasn1-modules",
    "google-auth-oauthlib": "google-auth requests-oauthlib oauthlib requests",
    "openai": "pydantic anyio typing-extensions",
    "anthropic": "pydantic anyio typing-extensions",
    "python-dateutil": "six",
    "pyopenssl": "cryptography",
    "cffi": "pycparser",
    "cryptography": "cffi",
    "earthengine-api": f"google-api-python-client google-auth-httplib2 google-cloud-storage httplib2 {_GOOGLE}",
    "fluent-logger": "msgpack",
    "google-api-core": _GOOGLE,
    "grpcio": "typing-extensions",
    "jinja2": "markupsafe",
    "vertexai": "google-cloud-aiplatform",
    "werkzeug": "markupsafe",
    **dict.fromkeys(("faiss-cpu", "opencv-python", "opencv-python-headless"), "numpy packaging"),
    "gcsfs": f"google-cloud-storage google-auth-oauthlib fsspec aiohttp decorator {_GOOGLE}",
}
# What brings nothing with it.
_ALONE = "attrs blinker cachetools certifi charset-normalizer click cloudpickle cycler decorator distro django-environ dnspython"
_ALONE += (
    " fonttools frozenlist fsspec google-crc32c greenlet gunicorn h11 idna itsdangerous jmespath kiwisolver markdown"
)
_ALONE += (
    " markupsafe msgpack multidict mysql-connector-python mysqlclient narwhals numpy oauthlib packaging pillow protobuf"
)
_ALONE += (
    " psutil psycopg2 psycopg2-binary pyarrow pyasn1 pycparser pycrypto pycryptodome pyjwt pyparsing pyserial pysocks"
)
_ALONE += (
    " python-dotenv python-json-logger python-magic python-tds pytz pyusb pyyaml pyzmq setuptools six sniffio soupsieve"
)
_ALONE += (
    " sqlparse tenacity threadpoolctl tqdm typing-extensions tzdata uritemplate urllib3 watchdog websockets xlsxwriter"
)
# What some versions of it bring and others do not.
_SOMETIMES: dict[str, str] = {
    **dict.fromkeys(("anthropic", "openai"), "httpx distro sniffio tqdm jiter docstring-parser httpx2 httpcore2"),
    **dict.fromkeys(("lightgbm", "scikit-learn"), "narwhals cloudpickle"),
    "aiohttp": "aiohappyeyeballs propcache typing-extensions",
    "fastapi": "annotated-doc typing-inspection opentelemetry-api",
    "firebase-admin": "google-api-python-client httpx h2 hpack hyperframe",
    "google-api-core": "grpcio grpcio-status opentelemetry-api typing-extensions",
    "google-auth": "cachetools rsa cryptography cffi pycparser six",
    "google-cloud-aiplatform": "google-genai httpx httpcore distro sniffio docstring-parser tenacity websockets shapely",
    "google-cloud-bigquery": "pyarrow",
    "google-cloud-spanner": "google-cloud-monitoring mmh3 opentelemetry-sdk",
    "httpx": "sniffio typing-extensions rfc3986",
    "pandas": "pytz tzdata",
    "pandas-gbq": "psutil setuptools",
    "pyarrow": "numpy",
    "pydantic": "typing-inspection",
    "pyopenssl": "typing-extensions",
    "selenium": "pysocks websocket-client",
    "sqlalchemy": "greenlet",
}
# What it brings where it is pinned below a first number.
_BEFORE: dict[str, tuple[int, str]] = {"pandas": (3, "pytz tzdata")}
_EXTRAS: dict[tuple[str, str], str] = {
    ("google-cloud-bigquery", "pandas"): "pandas numpy pyarrow db-dtypes python-dateutil",
    ("google-cloud-bigquery", "bqstorage"): "google-cloud-bigquery-storage pyarrow",
    ("google-cloud-bigquery", "all"): "pandas numpy pyarrow db-dtypes google-cloud-bigquery-storage tqdm",
    ("requests", "socks"): "pysocks",
    ("pandas", "gcp"): "pandas-gbq gcsfs google-cloud-bigquery",
}


class Requirements:
    """What a function's requirements install; a `ThirdParty` for the closure."""

    names = ListedNames()

    def __init__(self, requirements: tuple[Requirement, ...]) -> None:
        self.requirements = requirements
        asked = [("functions-framework", ()), *((item.name, item.extras) for item in requirements if item.name)]
        asked += [(each, ()) for item in requirements for each in _by_version(item)]
        self._installed = set(_closed(asked, _always))
        self._sometimes = set(_closed(((each, ()) for each in self._installed), _ever))

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""
        found = next((name for name in distributions_of(module) if name in self._installed), None)
        return "" if found is None and module in _NAMESPACES else found

    def perhaps(self, module: str) -> str:
        """Return why a module that nothing provides may be there all the same, "" where it surely is not."""
        for item in self.requirements:
            if item.unread:
                return f"{item.unread}, so what it brings is not known"
        for item in self.requirements:
            if item.name not in _CLOSED:
                return f"'{item.name or item.text}' may bring it, or need what brings it"
            if _of_family(item.name, module):
                return f"'{item.name}' may bring it"
        if any(name in self._sometimes for name in distributions_of(module)):
            return "some versions of what requirements.txt asks for bring it"
        return "the runtime's image may have it" if module.partition(".")[0] in _IN_IMAGES else ""

    def named_like(self, module: str) -> str:
        """Return why a module of a name that first-party code has may be another: a requirement is called like it."""
        for item in self.requirements:
            if item.name not in _CLOSED and normalise(module.partition(".")[0]) in item.name.split("-"):
                return f"'{item.name}' may bring one of that name"
        return ""


def _closed(
    asked: Iterable[tuple[str, tuple[str, ...]]], brings: Callable[[str, tuple[str, ...]], str]
) -> Iterator[str]:
    """Yield what is asked for and everything that comes with it."""
    queue = list(asked)
    seen = {name for name, _ in queue}
    for name, extras in queue:
        yield name
        new = [each for each in brings(name, extras).split() if each not in seen]
        seen.update(new)
        queue += [(each, ()) for each in new]


def _by_version(item: Requirement) -> list[str]:
    first, brings = _BEFORE.get(item.name, (0, ""))
    pinned = re.search(r"==\s*(\d+)", item.text)
    return brings.split() if pinned and int(pinned[1]) < first else []


def _always(name: str, extras: tuple[str, ...] = ()) -> str:
    brings = f"{_BRINGS.get(name, '')} {' '.join(_EXTRAS.get((name, extra), '') for extra in extras)}"
    if name.startswith("google-cloud-"):
        brings += f" {_GOOGLE} {'' if name in _WITHOUT_GRPC else _GRPC}"
    return brings


def _ever(name: str, extras: tuple[str, ...] = ()) -> str:
    google = f"google-cloud-core {_GRPC} grpc-google-iam-v1" if name.startswith("google-cloud-") else ""
    return f"{_always(name, extras)} {_SOMETIMES.get(name, '')} {google}"


_WITHOUT_GRPC = {"google-cloud-bigquery", "google-cloud-core", "google-cloud-storage"}


def _of_family(distribution: str, module: str) -> bool:
    """Return whether a distribution of Google's has the module's name and more: several modules come with some."""
    family = distribution.removeprefix("google-cloud-")
    return family != distribution and normalise(module).startswith(f"google-cloud-{family}-")


def distributions_of(module: str) -> Iterator[str]:
    """Yield the distributions that are known to provide a dotted name, the likeliest first; one of its own name is."""
    parts = module.split(".")
    wholes = [_VERSION.sub("", ".".join(parts[:count])) for count in range(len(parts), 0, -1)]
    for whole in wholes:
        yield from _NAMES.get(whole, ())
    if parts[0] in ("google", "azure", "opentelemetry"):
        yield from map(normalise, wholes[:-1])
    else:
        yield normalise(parts[0])


def usual_distribution(module: str) -> str:
    """Return the distribution that a dotted name usually comes from; "" where that would be a guess."""
    parts = _VERSION.sub("", module).split(".")
    wholes = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    sure = any(whole in _NAMES for whole in wholes) or normalise(parts[0]) in _KNOWN
    cloud = parts[:2] == ["google", "cloud"] and len(parts) > 2 and parts[2] in _GOOGLE_CLOUD.split()
    if not sure and cloud:
        return normalise("-".join(parts[:3]))
    return next(distributions_of(module)) if sure else ""


def is_known(module: str) -> bool:
    """Return whether a dotted name is certainly third-party: a name of the tables above, or Google's."""
    top = module.partition(".")[0]
    return top == "google" or top in _NAMES or normalise(top) in _KNOWN


_VERSION = re.compile(r"_v\d+\w*(?=\.|$)")


_KNOWN = {each for names in _NAMES.values() for each in names} | set(_BRINGS)
_KNOWN |= {each for brings in (*_BRINGS.values(), *_SOMETIMES.values(), *_EXTRAS.values()) for each in brings.split()}
_CLOUD = {f"google-cloud-{normalise(each)}" for each in (*_GOOGLE_CLOUD.split(), "secret-manager")}
_CLOSED = {*_BRINGS, *_ALONE.split(), *_CLOUD}
"""Distributions of which everything that they bring is known."""
