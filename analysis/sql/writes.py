"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE: what they write exists, fits, and is as wide as what is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

from analysis.sql.expressions import ExpressionReader
from analysis.sql.queries import QueryReader
from analysis.sql.record import ExpressionPlace
from analysis.sql.scope import QueryScope, Relation, Source
from analysis.sql.text import Tree, start_of
from analysis.sql.types import ANY, Type, Typed, TypeField, distance


class Writes:
    """Reads the statements that change a table."""

    def __init__(self, queries: QueryReader) -> None:
        self.queries, self.record = queries, queries.record

    def read(self, node: Tree) -> None:
        """Read one statement; what is wrong goes to the record."""
        readers = {exp.Insert: self._insert, exp.Update: self._update, exp.Delete: self._delete, exp.Merge: self._merge}
        reader = next((reader for kind, reader in readers.items() if isinstance(node, kind)), None)
        if isinstance(node, exp.TruncateTable):
            if len(node.expressions) != 1 or self.record.parsed.tokens[1].text.upper() != "TABLE":
                self.record.fault(node, "TRUNCATE TABLE empties one table; write it with TABLE and one name.")
            for table in node.expressions:
                self._relation(table)
        elif reader is None and node.name.upper() == "TRUNCATE":
            self.record.fault(node, "TRUNCATE TABLE empties one whole table; DELETE takes a WHERE.")
        elif reader is None:
            self.record.untold(
                node, "This reader reads queries, INSERT, UPDATE, DELETE, MERGE and TRUNCATE, and no other statement"
            )
        else:
            reader(node)

    def _relation(self, table: Tree) -> tuple[Relation, str]:
        parts = [piece for part in table.parts for piece in part.name.split(".")]
        return self.queries.relation(table, parts, written=True)

    def _target(self, table: Tree) -> tuple[Relation, str, Source]:
        if table.args.get("joins"):
            self.record.fault(table, "A write changes one table; name one, and ask others in FROM or a subquery.")
        relation, name = self._relation(table)
        alias = table.alias or name.split(".")[-1]
        return relation, name, Source(alias, relation.columns, name, relation.hidden, relation.open)

    # INSERT

    def _insert(self, node: Tree) -> None:
        schema = node.this
        table = schema.this if isinstance(schema, exp.Schema) else schema
        relation, name = self._relation(table)
        if not isinstance(schema, exp.Schema):
            self.record.fault(
                node, f"The INSERT into `{name}` lists no columns; list them, so that order cannot matter."
            )
            return
        columns = self._listed(schema.expressions, relation, name)
        if relation.open or all(each in relation.columns for each in columns):
            self._given(schema, schema.expressions, relation, name)
        source = node.expression
        if isinstance(source, exp.Values):
            scope = QueryScope()
            for row in source.expressions:
                self._row(row, columns, name, scope)
        elif source is not None:
            found = self.queries.read(source)
            if found is None:
                return
            if len(found) != len(columns):
                self.record.fault(
                    source,
                    f"The INSERT into `{name}` lists {len(columns)} columns but selects {len(found)}; make them as many.",
                )
                return
            for column, value in zip(columns, self.queries.as_values(source, found), strict=True):
                self._fits(source, column, Typed(value.type) if value.origin == "text" else value, name)

    def _listed(self, identifiers: Iterable[Tree], relation: Relation, name: str) -> list[TypeField]:
        known = {each.name.casefold(): each for each in relation.columns}
        found: list[TypeField] = []
        for each in identifiers:
            column = known.get(each.name.casefold())
            if column is None and not relation.open:
                self.record.fault(
                    each,
                    f"Table `{name}` has no column `{each.name}`; it has {', '.join(field.name for field in relation.columns)}.",
                )
            if any(field.name.casefold() == each.name.casefold() for field in found):
                self.record.fault(each, f"The INSERT into `{name}` lists `{each.name}` twice; list it once.")
            self.record.columns.setdefault((name, column.name if column else each.name), start_of(each))
            found.append(column or TypeField(each.name, ANY))
        return found

    def _given(self, node: Tree, identifiers: Sequence[Tree], relation: Relation, name: str) -> None:
        given = {each.name.casefold() for each in identifiers}
        for column in relation.columns:
            if column.name in relation.required and column.name.casefold() not in given:
                self.record.fault(
                    node, f"The INSERT into `{name}` leaves out the REQUIRED column `{column.name}`; give it."
                )

    def _row(self, row: Tree, columns: Sequence[TypeField], name: str, scope: QueryScope) -> None:
        values = row.expressions if isinstance(row, exp.Tuple) else [row.this if isinstance(row, exp.Paren) else row]
        if len(values) != len(columns):
            self.record.fault(
                row,
                f"The INSERT into `{name}` lists {len(columns)} columns but gives {len(values)} values; make them as many.",
            )
            return
        reader = self.queries.expressions(scope, ExpressionPlace("VALUES"))
        for column, value in zip(columns, values, strict=True):
            self._assign(reader, column, value, name)

    def _assign(self, reader: ExpressionReader, column: TypeField, value: Tree, name: str) -> None:
        if isinstance(value, exp.Column | exp.Var) and value.name.upper() == "DEFAULT" and "." not in value.sql():
            return
        if isinstance(value, exp.Array) and any(isinstance(each, exp.Null) for each in value.expressions):
            self.record.fault(
                value,
                f"The array for `{column.name}` of `{name}` holds NULL, which BigQuery cannot store; leave it out.",
            )
        self._fits(value, column, reader.type(value), name)

    def _fits(self, node: Tree, column: TypeField, value: Typed, name: str) -> None:
        if (
            value.type.kind == "NULL" and column.name in self.queries.catalog[name].required
            if name in self.queries.catalog
            else False
        ):
            self.record.fault(node, f"Column `{column.name}` of `{name}` is REQUIRED and gets NULL; give a value.")
        elif _assignable(value, column.type) is False:
            self.record.fault(
                node, f"Column `{column.name}` of `{name}` is {column.type} and gets {value.type}; cast it."
            )

    # UPDATE, DELETE, MERGE

    def _update(self, node: Tree) -> None:
        _, name, source = self._target(node.this)
        scope = QueryScope(sources=[source])
        if node.args.get("from_") is not None:
            self.queries.from_clause(node, scope)
        self._where(node, scope, "UPDATE")
        if not node.expressions:
            self.record.fault(node, "UPDATE sets nothing; write SET, a column and its value.")
        self._set(node.expressions, scope, source, name)

    def _set(self, assignments: Iterable[Tree], scope: QueryScope, target: Source, name: str) -> None:
        reader = self.queries.expressions(scope, ExpressionPlace("SET"))
        own = ExpressionReader(self.record, QueryScope(sources=[target]), ExpressionPlace("SET"), self.queries)
        seen: set[str] = set()
        for each in assignments:
            if (
                not isinstance(each, exp.EQ)
                or not isinstance(each.this, exp.Column | exp.Dot)
                or each.this.find(exp.Bracket)
            ):
                self.record.fault(
                    each, "SET assigns to a column or a field of one, each by `name = value`; write that."
                )
                continue
            kind = own.type(each.this)
            path = (
                each.this.sql("bigquery", comments=False).casefold().removeprefix(f"{target.alias.casefold()}.") + "."
            )
            if any(path.startswith(other) or other.startswith(path) for other in seen):
                self.record.fault(each, f"`{each.this.sql('bigquery')}` is set twice; set it once.")
            seen.add(path)
            self._assign(reader, TypeField(each.this.name, kind.type), each.expression, name)

    def _where(self, node: Tree, scope: QueryScope, what: str) -> None:
        where = node.args.get("where")
        if where is None:
            self.record.fault(node, f"BigQuery refuses {what} without WHERE; say which rows, or WHERE TRUE for all.")
            return
        self.queries.expressions(scope, ExpressionPlace("WHERE")).condition(where.this, "The condition of WHERE")
        self.queries.filters(node, scope)

    def _delete(self, node: Tree) -> None:
        table = node.this or (node.args.get("tables") or [None])[0]
        if table is None:
            self.record.fault(node, "DELETE names no table; name one.")
            return
        _, _, source = self._target(table)
        self._where(node, QueryScope(sources=[source]), "DELETE")

    def _merge(self, node: Tree) -> None:
        relation, name, target = self._target(node.this)
        scope = QueryScope()
        self.queries.join_item(node.args["using"], scope)
        given = list(scope.sources)
        if any(each.alias.casefold() == target.alias.casefold() for each in given):
            self.record.fault(node, f"MERGE calls two tables `{target.alias}`; give one an alias.")
        both = QueryScope(sources=[target, *given])
        if not isinstance(node.args.get("on"), exp.Expression):
            self.record.fault(node, "MERGE has no ON; say how the rows belong together.")
            return
        self.queries.expressions(both, ExpressionPlace("ON")).condition(node.args["on"], "The condition of ON")
        words = [each.text.upper() for each in self.record.parsed.tokens]
        if words.count("WHEN") != words.count("THEN"):
            self.record.fault(node, "Each WHEN needs a THEN; write it.")
        conditions = [each.args["condition"] for each in node.args["whens"].expressions if each.args.get("condition")]
        self.queries.filtered(node, target, [node.args["on"], *conditions])
        for clause in node.args["whens"].expressions:
            matched, by_source = clause.args.get("matched"), clause.args.get("source")
            reach = both if matched else QueryScope(sources=[target] if by_source else given)
            condition = clause.args.get("condition")
            if condition is not None:
                self.queries.expressions(reach, ExpressionPlace("WHEN")).condition(condition, "The condition of WHEN")
            self._action(clause, reach, relation, name, target)

    def _action(self, clause: Tree, reach: QueryScope, relation: Relation, name: str, target: Source) -> None:
        then, new = clause.args["then"], not clause.args.get("matched") and not clause.args.get("source")
        if isinstance(then, exp.Var) and then.name.upper() != "DELETE":
            self.record.fault(clause, "THEN is followed by UPDATE, DELETE or INSERT; write one.")
        elif new is not isinstance(then, exp.Insert):
            told = "INSERT alone may follow NOT MATCHED" if new else "UPDATE or DELETE may follow here, and no INSERT"
            self.record.fault(clause, f"{told}; correct the clause.")
        elif isinstance(then, exp.Update):
            self._set(then.expressions, reach, target, name)
        elif isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple):
            listed = then.this.expressions if isinstance(then.this, exp.Tuple) else []
            columns = self._listed(listed, relation, name) if listed else list(relation.columns)
            if listed:
                self._given(then, listed, relation, name)
            if not relation.open:
                self._row(then.expression, columns, name, reach)
        elif isinstance(then, exp.Insert) and isinstance(then.this, exp.Tuple):
            if not relation.open:  # VALUES without a list of columns
                self._row(exp.Tuple(expressions=then.this.expressions[0].expressions), relation.columns, name, reach)
        elif isinstance(then, exp.Insert):
            given = [each for source in reach.sources for each in source.columns]
            if relation.open or any(source.open for source in reach.sources):
                return
            if len(given) != len(relation.columns):
                self.record.fault(
                    then,
                    f"INSERT ROW gives {len(given)} columns to `{name}`, which has {len(relation.columns)}; list the columns.",
                )
                return
            for column, each in zip(relation.columns, given, strict=True):
                self._fits(then, column, Typed(each.type), name)


def _assignable(value: Typed, wanted: Type) -> bool:
    """True when a value may be stored in a column of the type."""
    return distance(value, wanted) is not None
