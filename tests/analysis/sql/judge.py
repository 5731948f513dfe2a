"""Google's own analyzer of GoogleSQL, asked over standard input; runs in an environment of its own.

One JSON request a line, one JSON answer a line: `{"tables": {"ds.t": "a INT64, b STRING"}, "statements": [...]}` gives
for each statement `[refusal or null, [[name, type], ...]]`; `{"functions": [name, ...]}` gives the signatures. The
analyzer is WebAssembly from the package `zetasql` (only its module and its message classes are used); compiled
once, the machine code stays in the folder that the first argument names.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import tzdata
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import function_pb2, options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as features
from zetasql.wasi._pb2.zetasql.public import type_pb2
from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2 as nodes

STATEMENTS = """
QUERY INSERT UPDATE DELETE MERGE TRUNCATE CREATE_TABLE CREATE_TABLE_AS_SELECT CREATE_VIEW CREATE_SCHEMA
"""
# What the analyzer offers and BigQuery does not (its release notes and reference).
ABSENT = re.compile(
    r"""
    PROTO | (?<!GEO)GRAPH | PIPE_(LOG|IF|FORK|TEE|EXPORT|CREATE|INSERT|STATIC) | ANONYMIZATION | SPANNER | LEGACY | MEASURE | UUID
    | TIMESTAMP_(NANOS|PICOS) | LAMBDA | MAP_TYPE | TOKENIZED | ARRAY_ORDERING | ARRAY_EQUALITY | DISALLOW_GROUP_BY_FLOAT
    | BRACED | ENFORCE_CONDITIONAL | DISALLOW_PRIMARY | DISALLOW_NULL_PRIMARY | DISABLE_TEXTMAPPER | GENERATED | IDENTITY
    | LATERAL_COLUMN | ALLOW_SLASH | JSON_TYPE_COMPARISON | LATERAL_JOIN | ARRAY_ELEMENTS_WITH_SET
    | JSON_SUBFIELDS | DML_RETURNING | AGGREGATE_FILTER | MULTILEVEL | WITH_EXPRESSION | ROW_TYPE
    """,
    re.VERBOSE,
)
ALIASES = {
    **dict.fromkeys(("INT", "SMALLINT", "INTEGER", "BIGINT", "TINYINT", "BYTEINT"), "INT64"),
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
AGGREGATE, REQUIRED = 2, 0  # FunctionEnums.Mode and .ArgumentCardinality
KINDS = function_pb2.FunctionArgumentTypeProto.DESCRIPTOR.fields_by_name["kind"].enum_type


class Analyzer:
    """One instance of the analyzer's module."""

    def __init__(self, cache: Path) -> None:
        config = Config()
        config.shared_memory = True
        engine = Engine(config)
        wasm = Path(get_wasm_path())
        self.store, wasi = Store(engine), WasiConfig()
        wasi.preopen_dir(str(Path(tzdata.__file__).parent / "zoneinfo"), "/usr/share/zoneinfo")
        self.store.set_wasi(wasi)
        linker = Linker(engine)
        linker.define_wasi()
        self.exports = cast(Any, linker.instantiate(self.store, _module(engine, wasm, cache)).exports(self.store))
        self.exports["_initialize"](self.store)

    def call(self, name: str, request: Any, answer: Any) -> Any:
        """Call one method of the analyzer's service; raises ValueError with its words where it refuses."""
        data, own = request.SerializeToString(), self.exports
        given = own["wasm_malloc"](self.store, max(len(data), 1))
        size = own["wasm_malloc"](self.store, 4)
        ctypes.memmove(self._base() + given, data, len(data))
        found = own[f"ZetaSqlLocalService_{name}"](self.store, given, len(data), size)
        try:
            if found == 0:
                length = own["wasm_get_last_error_size"](self.store)
                words = ctypes.string_at(self._base() + own["wasm_get_last_error"](self.store), length)
                raise ValueError(words.decode("utf-8", "replace"))
            length = int.from_bytes(ctypes.string_at(self._base() + size, 4), "little")
            content = ctypes.string_at(self._base() + found, length)
            own["wasm_free"](self.store, found)
            return answer.FromString(content)
        finally:
            own["wasm_free"](self.store, given)
            own["wasm_free"](self.store, size)

    def _base(self) -> int:
        return ctypes.addressof(self.exports["memory"].data_ptr().contents)


def _module(engine: Any, wasm: Path, cache: Path) -> Any:
    digest = sha256(wasm.read_bytes() + version("wasmtime").encode()).hexdigest()[:16]
    compiled = cache / f"analyzer-{digest}.cwasm"
    if compiled.exists():
        return Module.deserialize_file(engine, str(compiled))
    module = Module.from_file(engine, str(wasm))
    cache.mkdir(parents=True, exist_ok=True)
    part = compiled.with_suffix(f".{os.getpid()}")
    part.write_bytes(module.serialize())
    part.replace(compiled)
    return module


def language(analyzer: Analyzer) -> Any:
    """The language as BigQuery has it."""
    options = analyzer.call(
        "GetLanguageOptions", service.LanguageOptionsRequest(maximum_features=True), options_pb2.LanguageOptionsProto
    )
    chosen = [
        each for each in options.enabled_language_features if not ABSENT.search(features.LanguageFeature.Name(each))
    ]
    del options.enabled_language_features[:]
    options.enabled_language_features.extend(chosen)
    options.product_mode = features.PRODUCT_EXTERNAL
    options.supported_statement_kinds.extend(
        nodes.ResolvedNodeKind.Value(f"RESOLVED_{name}_STMT") for name in STATEMENTS.split()
    )
    options.reserved_keywords.append("QUALIFY")
    return options


def type_proto(text: str) -> Any:
    """The message for a type as GoogleSQL spells it."""
    proto = type_pb2.TypeProto()
    outer, bracket, inner = text.partition("<")
    proto.type_kind = type_pb2.TypeKind.Value("TYPE_" + {"FLOAT64": "DOUBLE"}.get(outer.strip(), outer.strip()))
    inner = inner[:-1] if bracket else ""
    if outer == "ARRAY":
        proto.array_type.element_type.CopyFrom(type_proto(inner))
    elif outer == "RANGE":
        proto.range_type.element_type.CopyFrom(type_proto(inner))
    elif outer == "STRUCT":
        for each in split(inner):
            name, _, kind = each.partition(" ")
            proto.struct_type.field.add(field_name=name, field_type=type_proto(kind))
    return proto


def split(text: str) -> list[str]:
    """The parts between commas outside brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "<") - (sign == ">")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def type_text(proto: Any) -> str:
    """A type as GoogleSQL spells it; the inverse of `type_proto`."""
    name = str(type_pb2.TypeKind.Name(proto.type_kind)).removeprefix("TYPE_")
    if name == "ARRAY":
        return f"ARRAY<{type_text(proto.array_type.element_type)}>"
    if name == "RANGE":
        return f"RANGE<{type_text(proto.range_type.element_type)}>"
    if name == "STRUCT":
        fields = (f"{each.field_name} {type_text(each.field_type)}".strip() for each in proto.struct_type.field)
        return f"STRUCT<{', '.join(fields)}>"
    return {"DOUBLE": "FLOAT64"}.get(name, name)


def catalog(tables: dict[str, str], options: Any) -> Any:
    """The catalog of the declared tables and of BigQuery's functions."""
    proto = simple_catalog_pb2.SimpleCatalogProto(name="project")
    proto.builtin_function_options.language_options.CopyFrom(options)
    for alias, name in ALIASES.items():
        proto.named_type.add(name=alias, type=type_proto(name))
    datasets: dict[str, Any] = {}
    for number, (name, columns) in enumerate(tables.items(), 1):
        dataset, _, table = name.partition(".")
        if dataset not in datasets:
            datasets[dataset] = proto.catalog.add(name=dataset)
        made = datasets[dataset].table.add(name=table, serialization_id=number)
        for each in split(columns):
            column, _, kind = each.partition(" ")
            pseudo = column.upper().startswith("_PARTITION")
            made.column.add(name=column, type=type_proto(kind), is_pseudo_column=pseudo, is_writable_column=True)
    for name in ("max_by", "min_by"):
        _by(proto.custom_function.add(), name)
    return proto


def _by(proto: Any, name: str) -> None:
    """MAX_BY and MIN_BY, which BigQuery documents and the analyzer does not have."""
    proto.name_path.append(name)
    proto.mode = AGGREGATE
    signature = proto.signature.add()
    for number in (1, 2):
        argument = signature.argument.add(
            kind=KINDS.values_by_name[f"ARG_TYPE_ANY_{number}"].number, num_occurrences=-1
        )
        argument.options.cardinality = REQUIRED
    signature.return_type.kind = KINDS.values_by_name["ARG_TYPE_ANY_1"].number
    signature.return_type.num_occurrences = -1


def verdicts(analyzer: Analyzer, options: Any, request: dict[str, Any]) -> list[Any]:
    """What the analyzer says of each statement."""
    known = service.RegisterCatalogRequest(simple_catalog=catalog(request["tables"], options))
    number = analyzer.call("RegisterCatalog", known, service.RegisterResponse).registered_id
    ask = service.AnalyzeRequest(registered_catalog_id=number)
    ask.options.language_options.CopyFrom(options)
    ask.options.allow_undeclared_parameters = True
    ask.options.error_message_mode = 1
    ask.options.default_timezone = "UTC"
    for name in ("_PARTITIONTIME TIMESTAMP", "_PARTITIONDATE DATE"):
        column, kind = name.split(" ")
        ask.options.ddl_pseudo_columns.add(name=column, type=type_proto(kind))
    answers: list[Any] = []
    for statement in request["statements"]:
        ask.sql_statement = statement
        try:
            answer = analyzer.call("Analyze", ask, service.AnalyzeResponse)
        except ValueError as error:
            answers.append([str(error), []])
            continue
        query = answer.resolved_statement.resolved_query_stmt_node
        columns = [[each.name, type_text(each.column.type)] for each in query.output_column_list]
        answers.append([None, columns])
    return answers


def signatures(analyzer: Analyzer, options: Any) -> dict[str, list[str]]:
    """Every function: its mode, then its signatures, in the form of `analysis/sql/functions.txt`."""
    ask = options_pb2.ZetaSQLBuiltinFunctionOptionsProto()
    ask.language_options.CopyFrom(options)
    found: dict[str, list[str]] = {}
    answer = analyzer.call("GetBuiltinFunctions", ask, service.GetBuiltinFunctionsResponse)
    for each in answer.function:
        mode = {1: "scalar", 2: "aggregate", 3: "analytic"}[each.mode]
        listed = [
            f"({', '.join(map(_argument, signature.argument))}) {_argument(signature.return_type)}"
            for signature in each.signature
            if not signature.options.is_deprecated
        ]
        for name in {".".join(each.name_path), each.options.alias_name} - {""}:
            found[name.upper()] = [mode, *listed]
    return found


def _argument(proto: Any) -> str:
    kind = KINDS.values_by_number[proto.kind].name
    variable = re.fullmatch(r"ARG_(ARRAY_|RANGE_)?TYPE_ANY_(\d)", kind)
    if kind == "ARG_TYPE_FIXED":
        text = type_text(proto.type) if proto.type.type_kind != type_pb2.TYPE_ENUM else "WORD"
        part = proto.type.enum_type.enum_name.endswith("DateTimestampPart")
        text = "PART" if part else text
    elif variable:
        text = f"{variable[1][:-1]}<T{variable[2]}>" if variable[1] else f"T{variable[2]}"
    else:
        text = "ANY" if kind == "ARG_TYPE_ARBITRARY" else kind
    options = proto.options
    text += {0: "", 1: "*", 2: "?"}[options.cardinality]
    if options.argument_name:
        text += f" = {options.argument_name}"
    return text + ("!" if options.argument_name_is_mandatory or options.named_argument_kind == 3 else "")


def main() -> None:
    """Answer until the input ends."""
    analyzer = Analyzer(Path(sys.argv[1]))
    options = language(analyzer)
    for line in sys.stdin:
        request = json.loads(line)
        answer = signatures(analyzer, options) if "functions" in request else verdicts(analyzer, options, request)
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
