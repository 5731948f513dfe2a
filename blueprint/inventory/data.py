"""What holds data, and what must exist beside it: tables, views, indexes, the bucket of archives."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.inventory.messaging import ACCOUNT
from blueprint.inventory.project import PUBSUB_AGENT
from blueprint.inventory.resource import Expected, KnownValue, Owner, Ref, labels
from blueprint.model import Blueprint
from blueprint.schemas.bigquery import Table, View

BUCKET = "gcp:storage/bucket:Bucket"
BUCKET_GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
DATABASE = "gcp:firestore/database:Database"
DATASET = "gcp:bigquery/dataset:Dataset"
DATASET_GRANT = "gcp:bigquery/datasetIamMember:DatasetIamMember"
FIELD = "gcp:firestore/field:Field"
INDEX = "gcp:firestore/index:Index"
PROJECT_GRANT = "gcp:projects/iAMMember:IAMMember"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
REPOSITORY_GRANT = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
TABLE = "gcp:bigquery/table:Table"


def datasets(plan: Blueprint) -> Iterator[Expected]:
    """Yield every dataset with its tables and views, and the rights to stream into those that are streamed into."""
    for dataset in plan.schemas.datasets.values():
        owner = Owner("Dataset", dataset.name)
        inputs = {
            "datasetId": dataset.name,
            "project": plan.stack.project,
            "location": plan.stack.dataset_location,
            "description": dataset.description,
            "friendlyName": dataset.friendly_name,
            "deleteContentsOnDestroy": False,
            "labels": {**labels(plan), **dict(dataset.labels)},
        }
        yield owner.owns(DATASET, f"{dataset.name}-dataset", inputs, protect=True)
    for table in plan.schemas.tables.values():
        yield _table(plan, table)
    for view in plan.schemas.views.values():
        yield _view(plan, view)
    streamed = {stream.table.partition(".")[0] for stream in plan.manifest.streams.values()}
    for name in sorted(streamed):
        yield from _writers(plan, name)


def _table(plan: Blueprint, table: Table) -> Expected:
    """Return a table, protected twice until the declaration retires it, which its label says then."""
    retired = f"table/{table.id}" in plan.manifest.retired
    inputs = {
        "datasetId": KnownValue(table.dataset, f"{table.dataset}-dataset"),
        "tableId": table.name,
        "project": plan.stack.project,
        **table.inputs(),
        "labels": {**labels(plan), **dict(table.labels), **({"retired": "true"} if retired else {})},
        "deletionProtection": not retired,
    }
    owner = Owner("Dataset", table.dataset)
    return owner.owns(TABLE, f"{table.dataset}-{table.name}-table", inputs, protect=not retired)


def _view(plan: Blueprint, view: View) -> Expected:
    reads = []
    for reference in view.references:
        for known, suffix in ((plan.schemas.tables, "table"), (plan.schemas.views, "view")):
            if reference.id in known:
                reads.append(f"{reference.dataset}-{reference.name}-{suffix}")
    inputs = {
        "datasetId": KnownValue(view.dataset, f"{view.dataset}-dataset"),
        "tableId": view.name,
        "project": plan.stack.project,
        "description": view.description,
        "friendlyName": view.friendly_name,
        "view": {"query": view.query_in(plan.stack.project), "useLegacySql": False},
        "labels": {**labels(plan), **dict(view.labels)},
        "deletionProtection": False,
    }
    read = tuple(dict.fromkeys(reads))
    name = f"{view.dataset}-{view.name}-view"
    return Owner("Dataset", view.dataset).owns(TABLE, name, inputs, waits_for=read, replaced_with=read)


def _writers(plan: Blueprint, dataset: str) -> Iterator[Expected]:
    """Yield what Pub/Sub's agent needs to stream into a dataset: to see its tables and to add to them."""
    owner = Owner("StreamWriters", f"{dataset}-stream-writers")
    for role in ("dataEditor", "metadataViewer"):
        inputs = {
            "datasetId": KnownValue(dataset, f"{dataset}-dataset"),
            "project": plan.stack.project,
            "role": f"roles/bigquery.{role}",
            "member": PUBSUB_AGENT,
        }
        yield owner.owns(DATASET_GRANT, f"{dataset}-stream-{role.lower()}", inputs)


def store(plan: Blueprint) -> Iterator[Expected]:
    """Yield the adopted Firestore database with its composite indexes and expiry fields."""
    owner = Owner("CompletionStore", "completion-store")
    database = plan.manifest.store.database
    inputs: dict[str, object] = {
        "name": database,
        "project": plan.stack.project,
        "locationId": plan.stack.database_location,
        "type": "FIRESTORE_NATIVE",
        "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
        "deletionPolicy": "ABANDON",
    }
    yield owner.owns(DATABASE, "completion-store-database", inputs, protect=True)
    place = {"project": plan.stack.project, "database": KnownValue(database, "completion-store-database")}
    for index in plan.firestore.indexes:
        fields = [
            {
                key: value
                for key, value in (
                    ("fieldPath", field.field_path),
                    ("order", field.order),
                    ("arrayConfig", field.array_config),
                )
                if value is not None
            }
            for field in index.fields
        ]
        inputs = {**place, "collection": index.collection, "queryScope": index.query_scope, "fields": fields}
        yield owner.owns(INDEX, index.logical_name, inputs)
    for own in plan.firestore.own:
        indexes = [{"order": each.order} if each.order else {"arrayConfig": each.array_config} for each in own.indexes]
        inputs = {**place, "collection": own.collection, "field": own.field, "indexConfig": {"indexes": indexes}}
        yield owner.owns(FIELD, own.logical_name, inputs)
    for ttl in plan.firestore.ttls:
        inputs = {**place, "collection": ttl.collection, "field": ttl.field, "ttlConfig": {}}
        yield owner.owns(FIELD, ttl.logical_name, inputs)


BUILD_GRANTS = ("function-build-logging-logwriter", "function-build-images-writer", "function-build-source-viewer")
"""What a build needs before it starts."""


def source(plan: Blueprint) -> Iterator[Expected]:
    """Yield the bucket of archives, the repository of images, and the identity that builds the one from the other."""
    owner = Owner("FunctionSource", "function-source")
    project, bucket = plan.stack.project, plan.names.source_bucket()
    inputs: dict[str, object] = {
        "name": bucket,
        "project": project,
        "location": plan.stack.region.upper(),
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "forceDestroy": False,
        "labels": labels(plan),
    }
    yield owner.owns(BUCKET, "function-source-bucket", inputs, protect=True)
    account = {"accountId": plan.names.build_account(), "project": project, "displayName": "Builds the functions"}
    yield owner.owns(ACCOUNT, "function-build", account)
    member = Ref("function-build", "member")
    images = plan.names.images_repository()
    place = {"project": project, "location": plan.stack.region}
    inputs = {
        **place,
        "repositoryId": images,
        "format": "DOCKER",
        "description": "Images of the functions, as their builds leave them",
        "labels": labels(plan),
    }
    yield owner.owns(REPOSITORY, "function-images", inputs)
    log, write, read = BUILD_GRANTS
    yield owner.owns(PROJECT_GRANT, log, {"project": project, "role": "roles/logging.logWriter", "member": member})
    inputs = {
        **place,
        "repository": KnownValue(images, "function-images"),
        "role": "roles/artifactregistry.writer",
        "member": member,
    }
    yield owner.owns(REPOSITORY_GRANT, write, inputs)
    inputs = {
        "bucket": KnownValue(bucket, "function-source-bucket"),
        "role": "roles/storage.objectViewer",
        "member": member,
    }
    yield owner.owns(BUCKET_GRANT, read, inputs)
