"""BigQuery: the datasets, tables and views that exist because their file exists, and the streams into them."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from blueprint.schemas.bigquery import MILLISECONDS_PER_DAY, Dataset, Partitioning, Table, View
from components.base import Component, ComponentContext, because


class OrchestrationDataset(Component):
    """A dataset with its tables and views.

    Tables are protected twice: `protect` stops Pulumi, `deletion_protection` the provider (pitfalls 56, 57). One that the
    declaration retires is not, so that the release after may remove its file. Views are created after what they read
    (pitfall 59).
    """

    dataset: gcp.bigquery.Dataset
    tables: dict[str, gcp.bigquery.Table]

    def __init__(self, context: ComponentContext, declared: Dataset) -> None:
        super().__init__(context, "Dataset", declared.name, declared.at)
        stack, schemas = context.plan.stack, context.plan.schemas
        self.dataset = gcp.bigquery.Dataset(
            f"{declared.name}-dataset",
            dataset_id=declared.name,
            project=stack.project,
            location=stack.dataset_location,
            description=declared.description,
            friendly_name=declared.friendly_name,
            delete_contents_on_destroy=False,
            labels={**context.labels, **dict(declared.labels)},
            opts=self.options(stateful=True),
        )
        self.tables = {
            table.id: self._table(table) for table in schemas.tables.values() if table.dataset == declared.name
        }
        self.register_outputs({"dataset": self.dataset.dataset_id})

    def _table(self, table: Table) -> gcp.bigquery.Table:
        name = f"{table.dataset}-{table.name}-table"
        because(name, table.at)
        partitioning = table.partitioning
        retired = f"table/{table.id}" in self.context.plan.manifest.retired
        return gcp.bigquery.Table(
            name,
            dataset_id=self.dataset.dataset_id,
            table_id=table.name,
            project=self.context.plan.stack.project,
            schema=table.schema_json(),
            description=table.description,
            friendly_name=table.friendly_name,
            clusterings=list(table.clustering) or None,
            time_partitioning=_time_partitioning(partitioning),
            range_partitioning=_range_partitioning(partitioning),
            require_partition_filter=True if partitioning and partitioning.require_filter else None,
            table_constraints=_constraints(table),
            labels={**self.context.labels, **dict(table.labels), **({"retired": "true"} if retired else {})},
            deletion_protection=not retired,
            opts=self.options(stateful=not retired),
        )

    def add_view(self, view: View, existing: Mapping[str, gcp.bigquery.Table]) -> gcp.bigquery.Table:
        """Declare a view; `existing` holds the tables and views of the plan that it may read."""
        reads = [existing[reference.id] for reference in view.references if reference.id in existing]
        name = f"{view.dataset}-{view.name}-view"
        because(name, view.at)
        self.tables[view.id] = gcp.bigquery.Table(
            name,
            dataset_id=self.dataset.dataset_id,
            table_id=view.name,
            project=self.context.plan.stack.project,
            description=view.description,
            friendly_name=view.friendly_name,
            view=gcp.bigquery.TableViewArgs(query=view.query_in(self.context.plan.stack.project), use_legacy_sql=False),
            labels={**self.context.labels, **dict(view.labels)},
            deletion_protection=False,
            opts=self.options(depends_on=reads, replace_with=reads),
        )
        return self.tables[view.id]


def _time_partitioning(declared: Partitioning | None) -> gcp.bigquery.TableTimePartitioningArgs | None:
    if declared is None or declared.range is not None:
        return None
    return gcp.bigquery.TableTimePartitioningArgs(
        type=declared.granularity or "DAY",
        field=declared.column,
        expiration_ms=int((declared.expiration_days or 0) * MILLISECONDS_PER_DAY),
    )


def _range_partitioning(declared: Partitioning | None) -> gcp.bigquery.TableRangePartitioningArgs | None:
    if declared is None or declared.range is None or declared.column is None:
        return None
    return gcp.bigquery.TableRangePartitioningArgs(
        field=declared.column,
        range=gcp.bigquery.TableRangePartitioningRangeArgs(
            start=declared.range.start, end=declared.range.end, interval=declared.range.interval
        ),
    )


def _constraints(table: Table) -> gcp.bigquery.TableTableConstraintsArgs | None:
    if not table.primary_key:
        return None
    return gcp.bigquery.TableTableConstraintsArgs(
        primary_key=gcp.bigquery.TableTableConstraintsPrimaryKeyArgs(columns=list(table.primary_key))
    )


class StreamWriters(Component):
    """Lets Pub/Sub's agent write streamed rows into a dataset: it must see the tables and add to them (pitfall 43)."""

    grants: list[pulumi.Resource]

    def __init__(
        self, context: ComponentContext, owner: OrchestrationDataset, name: str, agent: pulumi.Input[str]
    ) -> None:
        super().__init__(context, "StreamWriters", f"{name}-stream-writers", context.plan.manifest.at)
        self.grants = [
            gcp.bigquery.DatasetIamMember(
                f"{name}-stream-{role.rpartition('.')[2].lower()}",
                dataset_id=owner.dataset.dataset_id,
                project=context.plan.stack.project,
                role=role,
                member=agent,
                opts=self.options(),
            )
            for role in ("roles/bigquery.dataEditor", "roles/bigquery.metadataViewer")
        ]
        self.register_outputs({})
