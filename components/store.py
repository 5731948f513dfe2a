"""Firestore: the database that already exists, the indexes that queries need, and what expires."""

from __future__ import annotations

import pulumi_gcp as gcp

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
            because(index.logical_name, index.at)
            gcp.firestore.Index(
                index.logical_name,
                project=stack.project,
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
        for own in context.plan.firestore.own:
            because(own.logical_name, own.at)
            gcp.firestore.Field(
                own.logical_name,
                project=stack.project,
                database=self.database.name,
                collection=own.collection,
                field=own.field,
                index_config=gcp.firestore.FieldIndexConfigArgs(
                    indexes=[
                        gcp.firestore.FieldIndexConfigIndexArgs(order=each.order, array_config=each.array_config)
                        for each in own.indexes
                    ]
                ),
                opts=self.options(),
            )
        for ttl in context.plan.firestore.ttls:
            name = f"{ttl.collection.replace('_', '-')}-{ttl.field.strip('_').replace('_', '-')}-ttl"
            because(name, ttl.at)
            gcp.firestore.Field(
                name,
                project=stack.project,
                database=self.database.name,
                collection=ttl.collection,
                field=ttl.field,
                ttl_config=gcp.firestore.FieldTtlConfigArgs(),
                opts=self.options(),
            )
        self.register_outputs({"database": self.database.name})
