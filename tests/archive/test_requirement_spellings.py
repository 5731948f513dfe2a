"""Requirements however they are spelt: what is asked for is there, what is not is missing, what cannot be told is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit.tree import audit_tree

HANDLE = "\n\ndef handle(request):\n    return 1\n"
SPELT: dict[str, tuple[str, str, str | bytes, dict[str, str]]] = {
    'plain': ('sound', 'import yaml', 'PyYAML', {}),
    'lower tilde': ('sound', 'import yaml', 'pyyaml~=6.0', {}),
    'under': ('not known', 'import yaml', 'Py_YAML==6', {}),
    'norm': ('sound', 'import google.cloud.pubsub_v1', 'Google.Cloud_PubSub==2', {}),
    'extras': ('sound', 'import flask', 'flask[async]==3', {}),
    'brackets': ('sound', 'import flask', 'flask [ async ] >= 3 , < 4', {}),
    'paren': ('sound', 'import flask', 'flask (>=3)', {}),
    'continued': ('sound', 'import yaml', 'py\\\nyaml==6', {}),
    'continued2': ('sound', 'import yaml', 'pyyaml \\\n==6.0', {}),
    'cr': ('sound', 'import yaml', 'pyyaml==6\r\nflask==3\r\n', {}),
    'oldmac': ('sound', 'import yaml', 'flask==3\rpyyaml==6\r', {}),
    'utf8 bom': ('sound', 'import yaml', b'\xef\xbb\xbfpyyaml==6', {}),
    'utf16be': ('sound', 'import yaml', b'\xfe\xff\x00p\x00y\x00y\x00a\x00m\x00l\x00=\x00=\x006', {}),
    'utf32': ('sound', 'import yaml', b'\xff\xfe\x00\x00p\x00\x00\x00y\x00\x00\x00y\x00\x00\x00a\x00\x00\x00m\x00\x00\x00l\x00\x00\x00=\x00\x00\x00=\x00\x00\x006\x00\x00\x00', {}),
    'latin coding': ('sound', 'import yaml', b'# -*- coding: latin-1 -*-\n# \xe9\npyyaml==6', {}),
    '-r': ('sound', 'import yaml', '-r base.txt', {'one/base.txt': 'pyyaml'}),
    '-rbase': ('sound', 'import yaml', '-rbase.txt', {'one/base.txt': 'pyyaml'}),
    '--requirement': ('sound', 'import yaml', '--requirement base.txt', {'one/base.txt': 'pyyaml'}),
    '--requirement=': ('sound', 'import yaml', '--requirement=base.txt', {'one/base.txt': 'pyyaml'}),
    '-r quoted': ('sound', 'import yaml', "-r 'ba se.txt'", {'one/ba se.txt': 'pyyaml'}),
    '-r nested dir': ('sound', 'import yaml', '-r reqs/base.txt', {'one/reqs/base.txt': '-r more.txt', 'one/reqs/more.txt': 'pyyaml'}),
    '-r up': ('sound', 'import yaml', '-r ../base.txt', {'base.txt': 'pyyaml'}),
    '-r url': ('not known', 'import strange', '-r https://x.example/base.txt', {}),
    '-c only': ('cannot start', 'import yaml', '-c base.txt\nflask', {'one/base.txt': 'pyyaml==6'}),
    '-c + req': ('sound', 'import yaml', '-c base.txt\npyyaml', {'one/base.txt': 'pyyaml==6'}),
    'marker and': ('sound', 'import yaml', "pyyaml; python_version>='3.8' and sys_platform=='linux'", {}),
    'marker or': ('sound', 'import yaml', "pyyaml; python_version<'3' or os_name=='posix'", {}),
    'marker in': ('sound', 'import yaml', "pyyaml; 'linux' in sys_platform", {}),
    'marker not in': ('sound', 'import yaml', "pyyaml; sys_platform not in 'win32 cygwin'", {}),
    'marker impl': ('cannot start', 'import yaml', "pyyaml; implementation_name=='pypy'", {}),
    'marker full': ('cannot start', 'import yaml', "pyyaml; python_full_version<'3.11.0'", {}),
    'marker machine': ('sound', 'import yaml', "pyyaml; platform_machine=='x86_64'", {}),
    'marker arm': ('cannot start', 'import yaml', "pyyaml; platform_machine=='arm64'", {}),
    'marker extra': ('cannot start', 'import yaml', "pyyaml; extra=='x'", {}),
    'marker3.13': ('cannot start', 'import yaml', "pyyaml; python_version>='3.12'", {}),
    'url name': ('sound', 'import yaml', 'pyyaml @ https://x.example/pyyaml-6.0.tar.gz', {}),
    'wheel url': ('sound', 'import yaml', 'https://x.example/PyYAML-6.0-cp311-cp311-linux_x86_64.whl', {}),
    'git name': ('sound', 'import yaml', 'pyyaml @ git+https://github.com/yaml/pyyaml@6.0', {}),
    'git egg': ('sound', 'import strange', 'git+https://x.example/strange#egg=strange', {}),
    'egg yaml': ('sound', 'import yaml', 'git+https://x.example/y#egg=pyyaml', {}),
    'file url': ('not known', 'import strange', 'file:///x/strange', {}),
    'local whl': ('sound', 'import strange', './strange-1.0-py3-none-any.whl', {}),
    'dot': ('not known', 'import strange', '.', {}),
    '-e dot': ('not known', 'import strange', '-e .', {}),
    'local proj': ('sound', 'import helpers', './libs/c', {'one/libs/c/helpers/__init__.py': '', 'one/libs/c/setup.py': ''}),
    'local proj src': ('sound', 'import helpers', '-e ./libs/c', {'one/libs/c/src/helpers/__init__.py': ''}),
    'local extra': ('sound', 'import helpers', './libs/c[x]', {'one/libs/c/helpers.py': ''}),
    'editable=': ('sound', 'import helpers', '--editable=./libs/c', {'one/libs/c/helpers.py': ''}),
    'options': ('sound', 'import yaml', '--no-binary :all:\n--prefer-binary\n--trusted-host x\n-f https://z\n-i https://i\npyyaml==6', {}),
    'hashes': ('sound', 'import yaml', 'pyyaml==6 --hash=sha256:aa --hash sha256:bb', {}),
    'hash cont': ('sound', 'import yaml', 'pyyaml==6 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\nflask', {}),
    'env var': ('not known', 'import strange', '${NAME}==1', {}),
    'env in url': ('sound', 'import yaml', 'pyyaml @ https://${TOKEN}@x.example/p.zip', {}),
    'comment url': ('sound', 'import yaml', 'git+https://x/y#egg=pyyaml # why', {}),
    'hash no space': ('not known', 'import yaml', 'pyyaml==6#not comment', {}),
    'bad line': ('not known', 'import strange', '=== what ===', {}),
    'bad line own': ('sound', 'import yaml', 'pyyaml\n=== what ===', {}),
    'arbitrary': ('sound', 'import yaml', 'pyyaml===6.0', {}),
    'star': ('sound', 'import yaml', 'pyyaml==6.*', {}),
    'ne': ('sound', 'import yaml', 'pyyaml!=5', {}),
    'dup': ('sound', 'import yaml', 'pyyaml==5\npyyaml==6', {}),
    'self loop': ('sound', 'import yaml', '-r requirements.txt\npyyaml', {}),
    'nul': ('not known', 'import yaml', b'pyyaml\x00', {}),
    'empty': ('cannot start', 'import yaml', '', {}),
    'only comment': ('cannot start', 'import yaml', '# pyyaml', {}),
    'indent': ('sound', 'import yaml', '   pyyaml==6', {}),
    'indent comment': ('sound', 'import yaml', '   # x\npyyaml', {}),
    'bad utf8': ('sound', 'import yaml', b'pyyaml==6\n# \xff\xfe', {}),
    '-r missing': ('not known', 'import yaml\nimport strange', '-r gone.txt\npyyaml', {}),
    '-r folder': ('not known', 'import strange', '-r sub', {'one/sub/x': ''}),
    'constraint =': ('sound', 'import yaml', '--constraint=gone.txt\npyyaml', {}),
    'constraint strange': ('cannot start', 'import strange', '-c gone.txt\npyyaml', {}),
    'PIL': ('sound', 'import PIL', 'pillow', {}),
    'cv2': ('sound', 'import cv2', 'opencv-python-headless', {}),
    'sklearn': ('sound', 'import sklearn', 'scikit-learn', {}),
    'bs4': ('sound', 'import bs4', 'beautifulsoup4', {}),
    'jwt': ('sound', 'import jwt', 'PyJWT', {}),
    'dateutil': ('sound', 'import dateutil.parser', 'python-dateutil', {}),
    'dotenv': ('sound', 'import dotenv', 'python-dotenv', {}),
    'attr': ('sound', 'import attr', 'attrs', {}),
    'google storage': ('sound', 'from google.cloud import storage', 'google-cloud-storage', {}),
    'protobuf': ('sound', 'from google.protobuf import message', 'protobuf', {}),
    'pytz by pandas': ('sound', 'import pytz', 'pandas==2.0', {}),
    'pytz by a later pandas': ('not known', 'import pytz', 'pandas==3.0.1', {}),
    'cachetools by google-auth': ('not known', 'import cachetools', 'google-auth==2.40.3', {}),
    'core by tasks': ('not known', 'import google.cloud.exceptions', 'google-cloud-tasks==2.19.3', {}),
    'core by storage': ('sound', 'import google.cloud.exceptions', 'google-cloud-storage==3.4.0', {}),
    'numpy by pandas': ('sound', 'import numpy', 'pandas==2', {}),
    'urllib3 by requests': ('sound', 'import urllib3', 'requests==2', {}),
    'setuptools': ('sound', 'import pkg_resources', 'setuptools', {}),
    'psycopg2': ('sound', 'import psycopg2', 'psycopg2-binary', {}),
    'mysql': ('sound', 'import MySQLdb', 'mysqlclient', {}),
    'slack': ('sound', 'import slack_sdk', 'slack-sdk', {}),
    'openai': ('sound', 'import openai', 'openai', {}),
    'sqlalchemy': ('sound', 'import sqlalchemy', 'SQLAlchemy==2', {}),
    'pubsub types': ('sound', 'from google.pubsub_v1 import types', 'google-cloud-pubsub', {}),
    'api core': ('sound', 'import google.api_core.exceptions', 'google-cloud-storage', {}),
    'grpc': ('sound', 'import grpc', 'google-cloud-pubsub', {}),
}  # fmt: skip
"""Verdict, code, `requirements.txt`, files beside."""


@pytest.mark.parametrize("name", SPELT)
def test_the_verdict_on_what_is_asked_for(name: str, tmp_path: Path) -> None:
    verdict, main, requirements, files = SPELT[name]
    content = requirements if isinstance(requirements, bytes) else requirements.encode()
    beside = {path: text.encode() for path, text in files.items()}
    for path, text in {"one/main.py": (main + HANDLE).encode(), "one/requirements.txt": content, **beside}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text)
    [function] = audit_tree(tmp_path, target_python=(3, 11)).functions
    assert function.verdict == verdict
