"""Firestore: the database that already exists, the indexes that queries need, and what expires."""

from __future__ import annotations

import pulumi_gcp as gcp

from blueprint.schemas.firestore import Index, OwnIndexes, Ttl
from components.base import Component, ComponentContext, because


class CompletionStore(Component):
    """The completion documents' database, adopted and protected, with its indexes and TTL fields.

    It never creates `(default)`: the database is imported (pitfall 47). An index's logical name carries a hash of its
    definition, so that a changed one is built beside the old one (pitfall 49). No other tool may own these (pitfall 51).
    """

    database: gcp.firestore.Database

    def __init__(self, context: ComponentContext) -> None:
        store = context.plan.manifest.store
        super().__init__(context, "CompletionStore", "completion-store", store.at)
        stack = context.plan.stack
        self.database = gcp.firestore.Database(
            "completion-store-database",
            name=store.database,
            project=stack.project,
            location_id=stack.database_location,
            type="FIRESTORE_NATIVE",
            delete_protection_state="DELETE_PROTECTION_ENABLED",
            deletion_policy="ABANDON",
            opts=self.options(stateful=True),
        )
        for index in context.plan.firestore.indexes:
            self._index(index)
        for own in context.plan.firestore.own:
            indexes = [
                gcp.firestore.FieldIndexConfigIndexArgs(order=each.order, array_config=each.array_config)
                for each in own.indexes
            ]
            self._field(own, indexes=gcp.firestore.FieldIndexConfigArgs(indexes=indexes))
        for ttl in context.plan.firestore.ttls:
            self._field(ttl, expiry=gcp.firestore.FieldTtlConfigArgs())
        self.register_outputs({"database": self.database.name})

    def _index(self, index: Index) -> None:
        because(index.logical_name, index.at)
        gcp.firestore.Index(
            index.logical_name,
            project=self.context.plan.stack.project,
            database=self.database.name,
            collection=index.collection,
            query_scope=index.query_scope,
            fields=[
                gcp.firestore.IndexFieldArgs(
                    field_path=field.field_path, order=field.order, array_config=field.array_config
                )
                for field in index.fields
            ],
            opts=self.options(),
        )

    def _field(
        self,
        declared: OwnIndexes | Ttl,
        *,
        indexes: gcp.firestore.FieldIndexConfigArgs | None = None,
        expiry: gcp.firestore.FieldTtlConfigArgs | None = None,
    ) -> None:
        because(declared.logical_name, declared.at)
        gcp.firestore.Field(
            declared.logical_name,
            project=self.context.plan.stack.project,
            database=self.database.name,
            collection=declared.collection,
            field=declared.field,
            index_config=indexes,
            ttl_config=expiry,
            opts=self.options(),
        )
