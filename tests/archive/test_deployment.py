"""How folders are deployed decides what is in them: each way against what the tool of that way really does."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from analysis.audit.deployment import Deploy, DeployedTree, DeployedView
from analysis.audit.model import Audit
from analysis.audit.tree import audit_tree
from analysis.python.file_tree import EntryKind, FileTree

TARGET = (3, 11)
HANDLER = "\n\n\ndef handle(request):\n    return 1\n"
SDK = Path("/usr/lib/google-cloud-sdk")


def tree(tmp_path: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def verdicts(root: Path, way: Deploy | None = None) -> dict[str, str]:
    return {each.name: each.verdict for each in audited(root, way).functions}


def audited(root: Path, way: Deploy | None = None) -> Audit:
    return audit_tree(root, target_python=TARGET, way=way)


def linked(tmp_path: Path) -> Path:
    root = tree(
        tmp_path,
        {
            "f/main.py": f"import helper, shared.clients{HANDLER}",
            "lib/clients.py": "",
            "lib/__init__.py": "",
            "one.py": "",
        },
    )
    (root / "f" / "shared").symlink_to("../lib")
    (root / "f" / "helper.py").symlink_to("../one.py")
    return root


@pytest.mark.parametrize(
    ("way", "verdict"), [(Deploy.FOLDER, "sound"), (Deploy.RSYNC, "sound"), (Deploy.GCLOUD, "cannot start")]
)
def test_a_linked_folder_stays_behind_only_where_gcloud_uploads(way: Deploy, verdict: str, tmp_path: Path) -> None:
    assert verdicts(linked(tmp_path), way) == {"f": verdict}


@pytest.mark.parametrize(
    ("way", "verdict"), [(Deploy.FOLDER, "sound"), (Deploy.RSYNC, "cannot start"), (Deploy.GCLOUD, "cannot start")]
)
def test_a_link_that_leads_nowhere_stops_the_ways_that_cannot_copy_it(
    way: Deploy, verdict: str, tmp_path: Path
) -> None:
    root = tree(tmp_path, {"f/main.py": f"import json{HANDLER}"})
    assert verdicts(root, way) == {"f": "sound"}
    (root / "f" / "espon.py").symlink_to("../espn.py")
    assert verdicts(root, way) == {"f": verdict}


IGNORES = {
    "nothing": {},
    "git": {".gitignore": "generated/\n*.local.py\n"},
    "own": {".gcloudignore": "# a comment\n\n/lib\n!lib/kept\n*.json\n!conf.json\ndata/**/deep\n"},
    "included": {
        ".gcloudignore": "#!include:.gitignore\nnode_modules/\n",
        ".gitignore": "/generated\nfoo/*\n!foo/bar.py\n",
    },
    "modules": {"node_modules/x/a.js": ""},
    "anchors": {".gcloudignore": "a/b\n\\#odd\nspaced \n/c/*/d.py\ntest_*\n[ab].py\n"},
}
CONTENT = dict.fromkeys(
    ("main.py", "generated/x.py", "deep/generated/x.py", "s.local.py", "lib/a.py", "lib/kept/b.py", "sub/lib/c.py", "conf.json", "x.json", "data/1/deep/y.py", "data/deep/z.py", "foo/a.py", "foo/bar.py", "a/b/c.py", "x/a/b/c.py", "c/1/d.py", "c/1/2/d.py", "test_x.py", "t/test_y/a.py", "a.py", "#odd"),
    "x = 1\n",
)  # fmt: skip


@pytest.mark.skipif(not SDK.is_dir(), reason="the Google Cloud CLI is not there")
@pytest.mark.parametrize("case", IGNORES)
def test_the_same_is_uploaded_as_by_gcloud_itself(case: str, tmp_path: Path) -> None:
    """`gcloud functions deploy` makes its archive by these two functions of its own."""
    folder = tree(tmp_path / "f", {**CONTENT, **IGNORES[case]})
    (folder / "linked").symlink_to("lib")
    (folder / "link.py").symlink_to("a.py")
    code = f"""
import sys; sys.path[:0] = [{str(SDK / "lib")!r}, {str(SDK / "lib/third_party")!r}]
from googlecloudsdk.command_lib.functions import source_util
from googlecloudsdk.core.util import archive
chooser = source_util._GetChooser({str(folder)!r}, None)
archive.MakeZipFromDir({str(tmp_path / "o.zip")!r}, {str(folder)!r}, predicate=chooser.IsIncluded)
"""
    seen = set(seen_files(folder))
    python = SDK / "platform" / "bundledpythonunix" / "bin" / "python3"
    subprocess.run([str(python) if python.is_file() else "python3", "-c", code], check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / "o.zip") as made:
        uploaded = {name for name in made.namelist() if not name.endswith("/")}
    assert seen == uploaded - {".gcloudignore"} if case in ("git", "modules") else seen == uploaded


def seen_files(folder: Path) -> list[str]:
    files = FileTree()
    view = DeployedView(
        files, DeployedTree(files, str(folder.parent), [str(folder)], Deploy.GCLOUD, ()).of(str(folder)).hidden
    )

    def below(path: str) -> list[str]:
        found = []
        for name, kind in view.entries(path).items():
            found += below(f"{path}/{name}") if kind is EntryKind.FOLDER else [f"{path}/{name}"]
        return found

    return [each.removeprefix(f"{folder}/") for each in below(str(folder))]


@pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not there")
def test_rsync_fails_at_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    source = tree(tmp_path / "f", {"main.py": ""})
    (source / "gone.py").symlink_to("nowhere.py")
    done = subprocess.run(["rsync", "-aL", f"{source}/", str(tmp_path / "to")], capture_output=True, check=False)
    assert done.returncode == 23


PROJECT = {
    "shared/__init__.py": "",
    "shared/clients/__init__.py": "",
    "shared/config/__init__.py": "",
    "tools/lib/common/__init__.py": "",
    "functions/one/main.py": f"import shared.clients{HANDLER}",
    "functions/two/main.py": f"import shared.config{HANDLER}",
}
HEAD = "#!/bin/bash\nset -e\nROOT=$(git rev-parse --show-toplevel)\nBUILD=$(mktemp -d)\n"
DEPLOY = '\ngcloud functions deploy one --source "$BUILD"\n'


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ('cp -r "$ROOT/shared" "$BUILD/"', ("sound", "sound")),
        ('rsync -aL "$ROOT/shared/" "$BUILD/shared/"', ("sound", "sound")),
        ('mkdir -p "$BUILD/shared"\ncp -r shared/clients shared/__init__.py "$BUILD/shared/"', ("sound", "cannot start")),
        ('DIRS=(\n  "clients"  # first\n  "config"\n)\nfor d in "${DIRS[@]}"; do cp -r "$ROOT/shared/$d" "$BUILD/shared/$d"; done', ("sound", "sound")),
        ('for d in clients; do\n  cp -r shared/$d \\\n    $BUILD/shared/\ndone', ("sound", "cannot start")),
        ("rsync -aL --exclude=config shared/ $BUILD/shared/", ("sound", "cannot start")),
        ("rsync -aL --include='*/' --include='*.py' --exclude='*' shared/ $BUILD/shared/", ("sound", "sound")),
        ('echo nothing', ("cannot start", "cannot start")),
        ('SRC="functions/$1"\ncp -r "$SRC"/* "$BUILD/"', ("cannot start", "cannot start")),
        ('cp -r "$2" "$BUILD/"', ("not known", "not known")),
        ("rsync -aL --files-from=list.txt shared/ $BUILD/shared/", ("not known", "not known")),
    ],
)  # fmt: skip
def test_what_scripts_copy_is_beside_the_functions(steps: str, expected: tuple[str, str], tmp_path: Path) -> None:
    root = tree(tmp_path, {**PROJECT, "bin/deploy.sh": HEAD + steps + DEPLOY})
    assert tuple(verdicts(root, Deploy.SCRIPTS).values()) == expected


def test_a_script_that_names_functions_speaks_of_these(tmp_path: Path) -> None:
    first = f"{HEAD}SOURCE=functions/one\ncp -r $SOURCE/* $BUILD\ncp -r shared $BUILD{DEPLOY}"
    root = tree(tmp_path, {**PROJECT, "bin/deploy_one.sh": first})
    assert verdicts(root) == {"functions/one": "sound", "functions/two": "cannot start"}


CLOUD_BUILD = """\
steps:
- name: ubuntu
  entrypoint: bash
  args:
  - -c
  - |
    mkdir -p /workspace/pkg
    rsync -aL /workspace/${_SOURCE}/ /workspace/pkg/
    cp -r /workspace/shared /workspace/pkg/
- name: gcr.io/cloud-builders/gcloud
  args: ['functions', 'deploy', '$_NAME', '--source=/workspace/pkg']
substitutions:
  _SOURCE: functions/one
"""


def test_cloud_build_files_are_read_with_their_substitutions(tmp_path: Path) -> None:
    audit = audited(tree(tmp_path, {**PROJECT, "cloudbuild.yaml": CLOUD_BUILD}), Deploy.SCRIPTS)
    assert [(each.name, each.file, each.line) for each in audit.copied] == [("shared", "cloudbuild.yaml", 9)]
    assert (audit.functions[0].verdict, audit.unread, audit.lost) == ("sound", (), ())
    apart = "steps:\n- name: ubuntu\n  entrypoint: cp\n  args: ['-r', 'shared', '/workspace/pkg/']\n"
    again = audited(tree(tmp_path, {"cloudbuild.yaml": apart}), Deploy.SCRIPTS)
    assert [(each.name, each.line) for each in again.copied] == [("shared", 4)]


def test_a_copied_folder_that_is_gone_is_told_at_its_line(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {**PROJECT, "deploy.sh": f"{HEAD}cp -r shared $BUILD/\ncp -r tools/old $BUILD/\ncp /etc/hosts $BUILD/{DEPLOY}"},
    )
    audit = audited(root, Deploy.SCRIPTS)
    assert [(each.text, each.file, each.line) for each in audit.lost] == [("tools/old", "deploy.sh", 6)]
    assert not audit.sound
    assert audit.known


def test_a_copy_under_another_name_is_not_known(tmp_path: Path) -> None:
    root = tree(tmp_path, {**PROJECT, "deploy.sh": f"{HEAD}rsync -aL tools/lib/ $BUILD/vendor/shared/{DEPLOY}"})
    assert set(verdicts(root, Deploy.SCRIPTS).values()) == {"not known"}
