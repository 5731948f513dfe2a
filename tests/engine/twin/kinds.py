"""How the provider names and completes each kind: the form of its id, and what the cloud fills in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.ids import resource_id

State = Mapping[str, Any]
Computed = Callable[[dict[str, str], State], dict[str, Any]]


def digest(*parts: str, length: int = 10) -> str:
    """Return letters and digits that depend on nothing but `parts`."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def _number(*parts: str) -> str:
    return str(int(digest(*parts, length=14), 16))


@dataclass(frozen=True)
class Spec:
    """What the twin knows of one kind.

    Attributes:
        computed: what the cloud fills in, from the setting (project, number, region, urn) and the inputs; nested
            objects are merged into those of the inputs. Where the cloud chooses the id, `name` is the id.
        references: inputs that name another resource, each with that resource's kind and the form of its id.
        upsert: whether creating one that exists succeeds.
        autonamed: the input that gets a name with a random suffix when it is absent.
        name: the input that names it in the cloud; a replacement of the same name deletes first.
    """

    computed: Computed = lambda setting, inputs: {}
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    upsert: bool = False
    autonamed: str | None = None
    name: str | None = "name"


def _function(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    name = inputs["name"]
    host = f"{re.sub('[^a-z0-9-]', '-', name.lower())}-{digest(setting['project'], name)}-wl.a.run.app"
    service = f"projects/{setting['project']}/locations/{setting['region']}/services/{name}"
    return {
        "url": f"https://{setting['region']}-{setting['project']}.cloudfunctions.net/{name}",
        "environment": "GEN_2",
        "state": "ACTIVE",
        "updateTime": "2026-01-01T00:00:00Z",
        "buildConfig": {"build": f"projects/{setting['number']}/locations/{setting['region']}/builds/{digest(name)}"},
        "serviceConfig": {"uri": f"https://{host}", "gcfUri": "", "service": service},
    }


def _account(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    email = f"{inputs['accountId']}@{setting['project']}.iam.gserviceaccount.com"
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": f"projects/{setting['project']}/serviceAccounts/{email}",
        "uniqueId": _number(email),
    }


def _identity(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    service = inputs["service"].removesuffix(".googleapis.com")
    email = f"service-{setting['number']}@gcp-sa-{service}.iam.gserviceaccount.com"
    return {"email": email, "member": f"serviceAccount:{email}"}


def _object(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    source = inputs.get("source")
    content = source["hash"] if isinstance(source, dict) else str(inputs.get("content", ""))
    return {
        "md5hash": digest(content, length=24),
        "detectMd5hash": "different hash",
        "crc32c": digest(content, length=8),
        "generation": int(digest(content, length=8), 16),
        "outputName": inputs["name"],
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{inputs['bucket']}/o/{inputs['name']}",
        "mediaLink": f"https://storage.googleapis.com/download/storage/v1/b/{inputs['bucket']}/o/{inputs['name']}",
    }


def _table(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    path = f"projects/{setting['project']}/datasets/{inputs['datasetId']}/tables/{inputs['tableId']}"
    kind = "VIEW" if "view" in inputs else "TABLE"
    link = f"https://bigquery.googleapis.com/bigquery/v2/{path}"
    return {"etag": digest(path), "type": kind, "location": setting["region"], "numRows": 0, "selfLink": link}


def _named(form: str) -> Computed:
    """Return what fills in `name` with a resource name that the cloud chooses; `{number}` is its own."""

    def computed(setting: dict[str, str], inputs: State) -> dict[str, Any]:
        values = {**setting, **{k: v for k, v in inputs.items() if isinstance(v, str)}}
        values["own"] = _number(setting["urn"])
        return {"name": form.format_map(values)}

    return computed


def _alert(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    made = {"mutateTime": "2026-01-01T00:00:00Z", "mutatedBy": "release"}
    return {**_named("projects/{project}/alertPolicies/{own}")(setting, inputs), "creationRecords": [made]}


def _firestore(form: str) -> Computed:
    def computed(setting: dict[str, str], inputs: State) -> dict[str, Any]:
        database = inputs.get("database", "(default)")
        group = f"projects/{setting['project']}/databases/{database}/collectionGroups/{inputs['collection']}"
        own = digest(repr(inputs.get("fields")), inputs.get("queryScope", ""), length=12)
        return {"name": group + form.format(own=own, field=inputs.get("field"))}

    return computed


def _member(references: Mapping[str, tuple[str, str]] | None = None) -> Spec:
    return Spec(lambda *_: {"etag": "BwY="}, references or {}, upsert=True, name=None)


def _bucket(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    link = f"https://www.googleapis.com/storage/v1/b/{inputs['name']}"
    return {"url": f"gs://{inputs['name']}", "selfLink": link, "projectNumber": int(setting["number"])}


def _dataset(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    path = f"projects/{setting['project']}/datasets/{inputs['datasetId']}"
    link = f"https://bigquery.googleapis.com/bigquery/v2/{path}"
    return {"etag": digest(path), "creationTime": 0, "lastModifiedTime": 0, "selfLink": link}


def _repository(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    return {"name": inputs["repositoryId"], "createTime": "2026-01-01T00:00:00Z", "updateTime": "2026-01-01T00:00:00Z"}


def _secret(setting: dict[str, str], inputs: State) -> dict[str, Any]:
    name = f"projects/{setting['number']}/secrets/{inputs['secretId']}"
    return {"name": name, "createTime": "2026-01-01T00:00:00Z", "effectiveAnnotations": inputs.get("annotations", {})}


_TOPIC = ("gcp:pubsub/topic:Topic", "projects/{project}/topics/{value}")
_SUBSCRIPTION = ("gcp:pubsub/subscription:Subscription", "projects/{project}/subscriptions/{value}")
_DATASET = ("gcp:bigquery/dataset:Dataset", "projects/{project}/datasets/{value}")
_SECRET = ("gcp:secretmanager/secret:Secret", "projects/{project}/secrets/{value}")
_REPOSITORY = (
    "gcp:artifactregistry/repository:Repository",
    "projects/{project}/locations/{location}/repositories/{value}",
)
_BUCKET = ("gcp:storage/bucket:Bucket", "{value}")
_OBJECT = ("gcp:storage/bucketObject:BucketObject", "{bucket}-{value}")
_ACCOUNT = ("gcp:serviceaccount/account:Account", "projects/{project}/serviceAccounts/{value}")

SPECS: Mapping[str, Spec] = {
    "gcp:artifactregistry/repository:Repository": Spec(_repository, name="repositoryId"),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": _member({"repository": _REPOSITORY}),
    "gcp:projects/service:Service": Spec(upsert=True, name=None),
    "gcp:projects/serviceIdentity:ServiceIdentity": Spec(_identity, upsert=True, name=None),
    "gcp:projects/iAMMember:IAMMember": _member(),
    "gcp:serviceaccount/account:Account": Spec(_account, autonamed="accountId", name="accountId"),
    "gcp:serviceaccount/iAMMember:IAMMember": _member(),
    "gcp:storage/bucket:Bucket": Spec(_bucket, autonamed="name"),
    "gcp:storage/bucketObject:BucketObject": Spec(_object, {"bucket": _BUCKET}, autonamed="name"),
    "gcp:storage/bucketIAMMember:BucketIAMMember": _member({"bucket": _BUCKET}),
    "gcp:cloudfunctionsv2/function:Function": Spec(
        _function,
        {
            "buildConfig.source.storageSource.object": _OBJECT,
            "buildConfig.dockerRepository": _REPOSITORY,
            "serviceConfig.serviceAccountEmail": _ACCOUNT,
        },
        autonamed="name",
    ),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": _member(),
    "gcp:pubsub/topic:Topic": Spec(autonamed="name"),
    "gcp:pubsub/subscription:Subscription": Spec(
        references={"topic": _TOPIC, "deadLetterPolicy.deadLetterTopic": _TOPIC}, autonamed="name"
    ),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": _member({"topic": _TOPIC}),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": _member({"subscription": _SUBSCRIPTION}),
    "gcp:cloudscheduler/job:Job": Spec(lambda *_: {"state": "ENABLED"}, autonamed="name"),
    "gcp:secretmanager/secret:Secret": Spec(_secret, autonamed="secretId", name="secretId"),
    "gcp:secretmanager/secretIamMember:SecretIamMember": _member({"secretId": _SECRET}),
    "gcp:firestore/database:Database": Spec(lambda *_: {"uid": "1", "etag": "IA==", "keyPrefix": ""}),
    "gcp:firestore/index:Index": Spec(_firestore("/indexes/{own}"), name=None),
    "gcp:firestore/field:Field": Spec(_firestore("/fields/{field}"), upsert=True, name=None),
    "gcp:bigquery/dataset:Dataset": Spec(_dataset, name="datasetId"),
    "gcp:bigquery/table:Table": Spec(_table, {"datasetId": _DATASET}, name="tableId"),
    "gcp:bigquery/datasetIamMember:DatasetIamMember": _member(),
    "gcp:bigquery/iamMember:IamMember": _member(),
    "gcp:monitoring/alertPolicy:AlertPolicy": Spec(_alert, name=None),
    "gcp:monitoring/dashboard:Dashboard": Spec(_named("projects/{number}/dashboards/{own}"), name=None),
    "gcp:kms/keyRing:KeyRing": Spec(autonamed="name"),
    "gcp:kms/cryptoKey:CryptoKey": Spec(autonamed="name"),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _member(),
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": Spec(
        lambda *_: {"state": "ACTIVE"}, name="workloadIdentityPoolId"
    ),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": Spec(
        lambda *_: {"state": "ACTIVE"}, name="workloadIdentityPoolProviderId"
    ),
}


def identify(token: str, setting: dict[str, str], inputs: State, computed: State) -> str:
    """Return the id of a resource: the form of its kind filled in, or what the cloud chose."""
    defaults = {key: setting[key] for key in ("project", "region")} | {"location": setting["region"]}
    return resource_id(token, inputs, defaults) or str(computed["name"])
