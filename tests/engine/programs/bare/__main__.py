"""A handful of bare resources, to prove the twin and the harness before the real program runs on them."""

import pulumi
import pulumi_gcp as gcp

config = pulumi.Config()
cloud = gcp.Provider("cloud", project="bare-project", region="us-west2")
options = pulumi.ResourceOptions(provider=cloud)

topic = gcp.pubsub.Topic("orders", name=config.get("topic") or "orders", labels={"team": "a"}, opts=options)
dead = gcp.pubsub.Topic("dead", name="dead", opts=options)
account = gcp.serviceaccount.Account("runtime", account_id="runtime", opts=options)
agent = gcp.projects.ServiceIdentity("agent", service="pubsub.googleapis.com", opts=options)
bucket = gcp.storage.Bucket("source", name="bare-source", location="us-west2", opts=options)
archive = gcp.storage.BucketObject(
    "handler",
    name=f"handler-{config.get('code') or 'one'}.zip",
    bucket=bucket.name,
    source=pulumi.AssetArchive({"main.py": pulumi.StringAsset(config.get("code") or "one")}),
    opts=options,
)
function = gcp.cloudfunctionsv2.Function(
    "handler",
    name="handler",
    location="us-west2",
    build_config=gcp.cloudfunctionsv2.FunctionBuildConfigArgs(
        runtime="python311",
        entry_point="main",
        source=gcp.cloudfunctionsv2.FunctionBuildConfigSourceArgs(
            storage_source=gcp.cloudfunctionsv2.FunctionBuildConfigSourceStorageSourceArgs(
                bucket=bucket.name, object=archive.name
            )
        ),
    ),
    service_config=gcp.cloudfunctionsv2.FunctionServiceConfigArgs(
        service_account_email=account.email, timeout_seconds=config.get_int("timeout") or 60
    ),
    opts=options,
)
gcp.pubsub.Subscription(
    "orders",
    name="orders",
    topic=topic.id,
    ack_deadline_seconds=config.get_int("ack") or 60,
    push_config=gcp.pubsub.SubscriptionPushConfigArgs(push_endpoint=function.service_config.uri),
    dead_letter_policy=gcp.pubsub.SubscriptionDeadLetterPolicyArgs(dead_letter_topic=dead.id, max_delivery_attempts=5),
    opts=options,
)
gcp.pubsub.TopicIAMMember("agent", topic=dead.name, role="roles/pubsub.publisher", member=agent.member, opts=options)
secret = gcp.secretmanager.Secret(
    "webhook",
    secret_id="webhook",
    replication=gcp.secretmanager.SecretReplicationArgs(auto=gcp.secretmanager.SecretReplicationAutoArgs()),
    labels={"note": pulumi.Output.secret("do-not-tell")},
    opts=pulumi.ResourceOptions(provider=cloud, protect=config.get_bool("protect")),
)
pulumi.export("uri", function.service_config.uri)
