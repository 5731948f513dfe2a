"""Names in expressions: columns, their fields, parameters."""

from __future__ import annotations

from sqlglot import exp

from analysis.sql.reader import Reader
from analysis.sql.scope import Found
from analysis.sql.spelling import key
from analysis.sql.text import HOLE, Tree, start_of
from analysis.sql.types import ANY, UNTOLD, Type, Typed


class NameReader(Reader):
    """Looks names up."""

    def column(self, node: Tree) -> Typed:
        """The type of a column, or of the field of one."""
        parts = [part for part in node.parts if not isinstance(part, exp.Star)]
        if isinstance(node.this, exp.Star):
            return UNTOLD
        name = parts[0].name
        if HOLE.fullmatch(name):
            return UNTOLD
        if len(parts) == 1 and name.casefold() in self.place.doubled:
            return self.record.fault(node, f"`{name}` is ambiguous: SELECT names two columns so; rename one.")
        if len(parts) == 1 and (alias := self.place.aliases.get(name.casefold())) is not None:
            return alias
        found = self.scope.find(name)
        if not found:
            return self._absent(node, name, parts)
        first, *others = found
        if others:
            owners = ", ".join(f"`{each.source.alias}`" for each in found if each.source and each.source.alias)
            return self.record.fault(
                node, f"Column `{name}` is ambiguous: {owners or 'several tables'} have it; write it with its table."
            )
        return self._path(node, first, parts)

    def _path(self, node: Tree, found: Found, parts: list[Tree]) -> Typed:
        rest = parts[1:]
        source, column, kind = found.source, found.column, found.type
        if source is not None and not column and rest and source.value is None:
            column, fields = rest[0].name, (*source.columns, *source.hidden)
            named = [each for each in fields if each.name.casefold() == column.casefold()]
            if not named and not source.open:
                return self._absent(node, column, parts)
            if len(named) > 1:
                return self.record.fault(
                    node, f"`{source.alias}` has two columns `{column}`; give them names of their own."
                )
            kind, rest = named[0].type if named else ANY, rest[1:]
            column = named[0].name if named else column
        if source is not None and source.table is not None:
            start = start_of(node)
            for each in [column] if column else [field.name for field in source.columns]:
                self.record.columns.setdefault((source.table, each), start)
        if self._free(node, found):
            name = ".".join(part.name for part in parts)
            return self.record.fault(
                node,
                f"`{name}` is neither grouped by nor inside an aggregate function; add it to GROUP BY or aggregate it.",
            )
        for part in rest:
            kind = self._member(node, kind, part.name)
        return Typed(kind)

    def _free(self, node: Tree, found: Found) -> bool:
        """True for a column of a grouped query that is neither grouped nor aggregated, here or in a query around this."""
        levels = list(self.scope.levels())
        level = levels[found.depth] if found.depth < len(levels) else self.scope
        grouped = self.place.grouped if found.depth == 0 else level.grouped
        if grouped is None:
            return False
        parts = [part.copy() for part in node.parts]
        for end in range(1, len(parts) + 1):
            fields = dict(zip(("this", "table", "db", "catalog"), reversed(parts[:end]), strict=False))
            if key(exp.Column(**fields), level) in grouped:
                return False
        return True

    def _member(self, node: Tree, kind: Type, name: str) -> Type:
        if kind.kind in ("ANY", "JSON") or name == "*":
            return kind if kind.kind == "JSON" else ANY
        found = kind.field(name) if kind.kind == "STRUCT" else ()
        if len(found) == 1:
            return found[0].type
        if kind.kind == "STRUCT":
            listed = ", ".join(sorted(each.name for each in kind.fields))
            message = f"The STRUCT has no field `{name}`; it has {listed or 'none with a name'}."
            self.record.fault(
                node, message if not found else f"The STRUCT has more than one field `{name}`; rename one."
            )
        else:
            self.record.fault(node, f"`{name}` is asked of a value of type {kind}, which has no fields; ask a STRUCT.")
        return ANY

    def _absent(self, node: Tree, name: str, parts: list[Tree]) -> Typed:
        tables = sorted({each.table or each.alias for level in self.scope.levels() for each in level.sources} - {""})
        if len(parts) > 1 and name == parts[0].name:
            known = sorted({each.alias for level in self.scope.levels() for each in level.sources} - {""})
            what = f"`{name}` is no table and no column here; the names in reach are {', '.join(known) or 'none'}."
            return self.record.fault(node, what, name)
        select = node.find_ancestor(exp.Select)
        aliases = {each.alias.casefold() for each in (select.expressions if select else ())} - {""}
        hint = (
            ", and an alias of the same SELECT cannot be used in it; correct the name, or compute it in a WITH clause first."
            if name.casefold() in aliases
            else "; correct the name."
        )
        missing = f"{tables[0]}.{name}" if len(tables) == 1 and "." in tables[0] else name
        return self.record.fault(
            node, f"Column `{name}` is in none of the tables read here ({', '.join(tables) or 'none'}){hint}", missing
        )

    def field(self, node: Tree) -> Typed:
        """The type of `value.field`."""
        outer, name = self.type(node.this), node.expression.name
        return Typed(self._member(node, outer.type, name)) if name else UNTOLD

    def parameter(self, node: Tree) -> Typed:
        """The type of a parameter, as far as it is told."""
        if isinstance(node.this, exp.Parameter):
            return self.record.untold(node, f"The system variable `@@{node.this.name}` is not followed by this reader")
        name = node.name or (node.this.name if isinstance(node.this, exp.Expression) else "?")
        self.record.parameters.setdefault(name or "?", self.record.start_of_parameter(name))
        return Typed(self.queries.parameters.get(name, ANY), "parameter")
