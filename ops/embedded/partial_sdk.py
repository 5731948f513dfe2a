"""Import of a part of the provider's SDK: only the classes that a program uses.

The SDK's packages import every resource of a service, and each brings every nested type of that service: more than
half of the time of a plan went into classes that nobody asked for. With `install()`, `gcp.pubsub.Topic` imports
`pulumi_gcp/pubsub/topic.py` alone, and of the nested types those that it names. The code is the SDK's own, from the
same compiled files; a test plans the whole program with and without this and compares. Whatever does not look as
the SDK's generator writes it is imported as usual.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.util
import marshal
import re
import sys
import types
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, Final

from analysis.files import write_whole

PACKAGE: Final = "pulumi_gcp"
_POSTPONED: Final = ("pulumi.automation", "pulumi.dynamic")
"""Parts of the core SDK that a program of declared resources never touches; they load on first use."""
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TYPING: Final = (
    "Any",
    "Mapping",
    "NotRequired",
    "Optional",
    "Sequence",
    "TypeAlias",
    "TypedDict",
    "Union",
    "overload",
)


_CACHE: dict[str, dict[str, types.CodeType | None]] = {}
_CACHE_STATE = {"grown": False}


def install(cache: Path | None = None) -> None:
    """Import the SDK in part from now on; without effect on what is imported already.

    Args:
        cache: A folder for the compiled classes that were used, so that the next process reads only those. It holds
            one file for each version of the SDK and Python; deleting it costs half a second.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    if cache is not None:
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
            _CACHE.update(marshal.loads(_cache_file(cache).read_bytes()))


def save(cache: Path) -> None:
    """Write the classes used so far to the cache, if there are new ones; a folder that cannot be written is left."""
    if not _CACHE_STATE["grown"]:
        return
    with contextlib.suppress(OSError):
        write_whole(_cache_file(cache), marshal.dumps(_CACHE))
        _CACHE_STATE["grown"] = False


def _cache_file(cache: Path) -> Path:
    """Return the file for this Python and these very files of the SDK."""
    spec = PathFinder.find_spec(PACKAGE)
    origin = Path(str(spec.origin)) if spec is not None else Path()
    stat = origin.stat()
    tag = f"{sys.implementation.cache_tag}-{sys.hexversion:x}-{stat.st_size}-{stat.st_mtime_ns}"
    return cache / f"sdk-{tag}.part"


class _Finder:
    """Finds the SDK's modules where they are, and hands them to the loaders below."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        if name in _POSTPONED:
            spec = PathFinder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = importlib.util.LazyLoader(spec.loader)
            return spec
        parts = name.split(".")
        if parts[0] != PACKAGE or len(parts) not in (2, 3):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader) or spec.origin is None:
            return spec
        kind = _kind(parts, spec)
        if kind is not None:
            spec.loader = kind(spec.loader.name, spec.loader.path)
        return spec


def _kind(parts: Sequence[str], spec: ModuleSpec) -> type[SourceFileLoader] | None:
    folder = Path(str(spec.origin)).parent
    if len(parts) == 2:
        sliced = spec.submodule_search_locations is not None and (folder / "outputs.py").is_file()
        return _PackageLoader if sliced and not (folder / "_enums.py").exists() else None
    if (folder / "_enums.py").exists():
        return None
    return _TypesLoader if parts[2] in ("_inputs", "outputs") else _ResourceLoader


class _PackageLoader(SourceFileLoader):
    """Loads `pulumi_gcp.SERVICE` without its resources; each is imported when it is named."""

    def exec_module(self, module: types.ModuleType) -> None:
        folder = Path(self.path).parent

        def find(name: str) -> Any:
            for stem in (name, _WORD.sub("_", name.removesuffix("Args")).lower()):
                if (folder / f"{stem}.py").is_file():
                    part = importlib.import_module(f"{module.__name__}.{stem}")
                    return part if stem == name and not hasattr(part, name) else getattr(part, name)
            inputs = importlib.import_module(f"{module.__name__}._inputs")
            if hasattr(inputs, name):
                return getattr(inputs, name)
            if name.startswith("__"):
                raise AttributeError(name)
            del module.__dict__["__getattr__"]
            super(_PackageLoader, self).exec_module(module)
            return getattr(module, name)

        def remember(name: str) -> Any:
            value = find(name)
            module.__dict__[name] = value
            return value

        module.__dict__["__getattr__"] = remember


class _TypesLoader(SourceFileLoader):
    """Loads `_inputs` or `outputs`: each class is made from the module's compiled code when it is named."""

    def exec_module(self, module: types.ModuleType) -> None:
        scope = module.__dict__
        scope |= _globals(module.__name__)
        scope["__all__"] = []
        outputs = module.__name__.endswith(".outputs")
        bodies = _Bodies(self)

        def build(name: str) -> Any:
            if not bodies.get(name):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            waiting = [name]
            while waiting:
                current = waiting.pop()
                body = None if current in scope else bodies.get(current)
                if body is not None:
                    scope[current] = _class(current, body, module, outputs)
                    waiting += _named(body)
            return scope[name]

        scope["__getattr__"] = build


class _Bodies:
    """The compiled class bodies of one module; those used before come from the cache, without reading the module."""

    def __init__(self, loader: SourceFileLoader) -> None:
        self._loader = loader
        self._all: Mapping[str, types.CodeType] | None = None

    def get(self, name: str) -> types.CodeType | None:
        """Return the body of the class `name`, or None where the module has no such class."""
        known = _CACHE.setdefault(self._loader.name, {})
        if name in known:
            return known[name]
        if self._all is None:
            code = self._loader.get_code(self._loader.name)
            consts = code.co_consts if code is not None else ()
            self._all = {item.co_name: item for item in consts if isinstance(item, types.CodeType)}
        known[name] = self._all.get(name)
        _CACHE_STATE["grown"] = True
        return known[name]


class _ResourceLoader(SourceFileLoader):
    """Loads one resource's module, and the nested types that its annotations name."""

    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        code = self.get_code(module.__name__)
        inputs = sys.modules.get(f"{module.__name__.rpartition('.')[0]}._inputs")
        if code is None or inputs is None:
            return
        for body in code.co_consts:
            if isinstance(body, types.CodeType):
                for name in _named(body):
                    wanted = name.endswith("Args") and name not in module.__dict__
                    if wanted and hasattr(inputs, name):
                        module.__dict__[name] = getattr(inputs, name)


def _class(name: str, body: types.CodeType, module: types.ModuleType, outputs: bool) -> Any:
    """Return the class that the compiled `body` defines, decorated as the SDK's generator writes it."""
    import pulumi

    def fill(scope: dict[str, object]) -> None:
        exec(body, module.__dict__, scope)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if outputs:
            return pulumi.output_type(types.new_class(name, (dict,), {}, fill))
        if name.endswith("ArgsDict"):
            return types.new_class(name, (typing.TypedDict,), {}, fill)
        return pulumi.input_type(types.new_class(name, (), {}, fill))


def _named(body: types.CodeType) -> Iterator[str]:
    """Yield the texts in a class body that may name other classes: annotations are quoted there.

    From Python 3.14 on annotations are evaluated when they are asked for, by code of their own inside the body.
    """
    for item in body.co_consts:
        if isinstance(item, types.CodeType) and item.co_name == "__annotate__":
            yield from _named(item)
        elif isinstance(item, str) and item.isidentifier() and not item.endswith("ArgsDict"):
            yield item


def _globals(module: str) -> Mapping[str, object]:
    """Return the names that the generator's header imports into a module of types."""
    import pulumi
    import pulumi.runtime

    package = module.rpartition(".")[0]
    found: dict[str, object] = {name: getattr(typing, name) for name in _TYPING}
    found |= {"_builtins": builtins, "warnings": warnings, "sys": sys, "pulumi": pulumi}
    found["_utilities"] = importlib.import_module(f"{PACKAGE}._utilities")
    if module.endswith(".outputs"):
        found["outputs"] = sys.modules[module]
    else:
        found["outputs"] = importlib.import_module(f"{package}.outputs")
    return found
