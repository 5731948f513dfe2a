"""The kinds of alerts: what each means, where it shows, what to do, and which recorded failures it answers.

Texts take `{names}` from the values of the alert they describe. Conditions are made in the modules beside
this one; the runbook of a kind is generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.logfilter.expression import AllOf, AnyOf, Filter, compare, render
from blueprint.alerts import events
from blueprint.alerts.types import CoversKind, Severity

RUNBOOKS = "docs/runbooks"


@dataclass(frozen=True)
class LogSearch:
    """The log entries that a responder reads first: a filter as a value, so that it is held to what entries have."""

    filter: Filter
    options: str = "--freshness=1h --limit=30"

    def __str__(self) -> str:
        return f"gcloud logging read '{' AND '.join(render(self.filter).splitlines())}' --project={{project}} {self.options}"


_SERVICE = compare("resource.type", "=", "cloud_run_revision")


def _logs(*more: Filter) -> LogSearch:
    return LogSearch(AllOf((_SERVICE, compare("resource.labels.service_name", "=", "{function}"), *more)))


_BOUNDARY = AnyOf((compare("jsonPayload.boundary", "=", "{boundary}"), compare("jsonPayload.phase", "=", "{upstream}")))
_EVENT = LogSearch(
    AllOf((_SERVICE, compare("jsonPayload.event", "=", "{event}"), _BOUNDARY)), "--freshness=1d --limit=20"
)
_REFUSED = "uota|RESOURCE_EXHAUSTED|rate limits|PERMISSION_DENIED|Access Denied|permissions|Not found|Unrecognized|o such field|chema|requires an index"
_DATE = "python -m ops validate {date} --boundary {boundary}"
_DELIVERY = "python -m ops verify --only subscriptions --only invokers --only revisions"
_STREAM = "python -m ops verify --only subscriptions --only tables --only grants"
_SCHEDULE = "python -m ops verify --only schedules --only invokers"


@dataclass(frozen=True)
class AlertKind:
    """One kind of alert; `steps` are what a responder does after the command, in order."""

    id: str
    title: str
    covers: CoversKind
    severity: Severity
    incidents: tuple[int, ...]
    meaning: str
    evidence: str
    diagnosis: str | LogSearch
    steps: tuple[str, ...]

    @property
    def command(self) -> str:
        """Return the one command that diagnoses it."""
        return str(self.diagnosis)


_KINDS = (
    AlertKind(
        "crash",
        "{function} does not start or crashes",
        "function",
        "critical",
        (1, 2, 5, 6, 8, 11, 12, 15, 60),
        "An instance of {function} failed to import its code, did not come up, or was ended for using more than its {memory} of memory. Until this is fixed it acknowledges nothing.",
        "Log entries of the service: a traceback with ModuleNotFoundError or ImportError, a failed startup probe, a revision that is not ready, or the memory limit.",
        _logs(
            AnyOf(
                (compare("severity", ">=", "WARNING"), compare("textPayload", "=~", "(Error|Exception|HaltServer): "))
            )
        ),
        (
            "Read the last line of the traceback: it names the missing module or the limit.",
            "Compare the serving revision with the last ready one: `gcloud run services describe {function} --region={region} --project={project}`.",
            "Release the previous archive again, then fix the import and let the archive check prove it.",
        ),
    ),
    AlertKind(
        "error-ratio",
        "{function} goes on failing more than {error_percent} % of its requests",
        "function",
        "error",
        (11, 28, 39, 44),
        "More than {error_percent} % of the requests that reached {function} in an hour ended in 5xx, or twice that for minutes without a break. Pub/Sub delivers them again, so a few are late, not lost; these do not stop.",
        "run.googleapis.com/request_count by response_code_class.",
        _logs(compare("severity", ">=", "ERROR")),
        (
            "Group the errors by message; one message repeated is a poison message, many are an outage of something.",
            "If a permission is missing, compare the grants of the plan with the live policies: `python -m ops verify --only grants`.",
        ),
    ),
    AlertKind(
        "latency",
        "{function} needs more than {latency_percent} % of its timeout",
        "function",
        "warning",
        (48,),
        "The slowest requests of {function} need more than {latency_percent} % of its {timeout} s. A run that reaches the timeout is cut off, and the tail of its work with it.",
        "99th percentile of run.googleapis.com/request_latencies over ten minutes.",
        _logs(compare("httpRequest.latency", ">", "60s")),
        (
            "Find the slow step in the structured logs of one correlation id.",
            "Raise the timeout only together with the acknowledgement deadline, which the plan checks.",
        ),
    ),
    AlertKind(
        "memory",
        "{function} uses more than 90 % of its memory",
        "function",
        "warning",
        (60,),
        "Instances of {function} use more than 90 % of {memory}. Beyond the limit they are ended.",
        "99th percentile of run.googleapis.com/container/memory/utilizations over ten minutes.",
        _logs(compare("textPayload", ":", "Memory limit")),
        ("Raise `memory` in pipeline.yaml, or find what the last release imports that it did not before.",),
    ),
    AlertKind(
        "instances-at-maximum",
        "{function} runs at its maximum of {max_instances} instances",
        "function",
        "warning",
        (59,),
        "All {max_instances} instances of {function} have been busy for ten minutes; further requests wait or are refused with 429.",
        "run.googleapis.com/container/instance_count with state active.",
        _logs(compare("httpRequest.status", "=", "429")),
        (
            "A burst ends by itself: watch the backlog age.",
            "If requests repeat without end, look for a poison message in the dead letter first.",
        ),
    ),
    AlertKind(
        "no-instance",
        "{function} refused a request for want of an instance",
        "function",
        "warning",
        (53, 59),
        "A request for {function} found no instance and could not start one. Requests refused so are in no request count, because they never reach a container.",
        "Log entries of the service that say so.",
        _logs(compare("textPayload", ":", "no available instance")),
        ("Look for overlapping schedules or a burst.", "Raise `max_instances` if the load is real."),
    ),
    AlertKind(
        "quota-or-schema",
        "{function} is refused by a quota or by a schema",
        "function",
        "error",
        (28, 61, 62, 64, 65, 66, 67, 68),
        "A service answered {function} that a quota is used up, that it lacks a permission, or that a table or column does not exist. Such answers repeat until somebody acts.",
        "Log entries of the service with the answer's text.",
        _logs(AnyOf((compare("textPayload", "=~", _REFUSED), compare("jsonPayload.message", "=~", _REFUSED)))),
        (
            "Quota: find the writer that grew; load jobs and DML count per table and day.",
            "Schema: `python -m ops verify --only tables` compares live tables with schemas/.",
            "Permission: `python -m ops verify --only grants` names the missing grant.",
        ),
    ),
    AlertKind(
        "only-in-log",
        "{function} could not report; its log has the only copy",
        "function",
        "error",
        (37, 69, 74),
        "{function} could not publish an event, or could not keep a message it cannot use. Nothing is lost yet: the line holds it whole, for as long as logs are kept.",
        "Events event_not_published and dead_letter_in_log in the logs of {function}.",
        _logs(compare("jsonPayload.event", "=", events.EVENT_LOST, events.MESSAGE_IN_LOG)),
        (
            "Repair the topic or the grant that the line names.",
            "Publish the copies again from the log; parts are numbered.",
        ),
    ),
    AlertKind(
        "needs-repair",
        "{function} is refused by a dependency until somebody repairs it",
        "function",
        "error",
        (28, 68),
        "What {function} depends on refuses in a way that no further attempt changes: a grant, a database, an index, a topic or a table is not there. Messages are kept and come again, and nothing moves on meanwhile.",
        "Event dependency_unavailable with `permanent` in the logs of {function}; it names the dependency and its answer.",
        _logs(compare("jsonPayload.event", "=", events.NEEDS_REPAIR), compare("jsonPayload.permanent", "=", "true")),
        (
            "Read the answer in the entry: it names the resource and what is wrong with it.",
            "A grant: `python -m ops verify --only invokers`; anything else that is declared: `python -m ops drift`.",
            "Afterwards nothing has to be repeated: what waits comes again by itself.",
        ),
    ),
    AlertKind(
        "backlog-age",
        "{subscription} holds messages older than {backlog_minutes} minutes",
        "subscription",
        "critical",
        (24, 25, 34, 35, 36, 40),
        "The oldest unacknowledged message of {topic} for {consumer} is older than {backlog_minutes} minutes: the consumer does not receive, does not answer, or answers with errors.",
        "pubsub.googleapis.com/subscription/oldest_unacked_message_age.",
        _DELIVERY,
        (
            "It names {subscription}, its caller or the revision of {consumer}: do what the sentence says.",
            "HEALTHY: deliveries are set up as declared, so the consumer itself fails; `crash` and `error-ratio` have its log.",
            "NOT KNOWN: you lack a login or a right; nothing is said about the system.",
            "Nothing is lost while messages wait; they are delivered when the consumer answers again.",
        ),
    ),
    AlertKind(
        "push-failing",
        "Deliveries of {subscription} fail",
        "subscription",
        "critical",
        (14, 24, 25, 27, 35, 39, 41, 50, 51),
        "More than half of the latest deliveries of {topic} to {consumer} were refused or failed, at least three of them, and so it was minutes before: what fails for a moment passes when it comes again. A push refused with 401, 403 or 404 never reaches the container, so the consumer's own metrics and logs show nothing.",
        "pubsub.googleapis.com/subscription/push_request_count by response_class.",
        _DELIVERY,
        (
            "It names the grant, the audience or the endpoint of {subscription}: that is the 401, 403 or 404; release again.",
            "HEALTHY: the deliveries arrive and {consumer} answers with errors; read its errors.",
            "What was given up meanwhile waits in the dead letter: `python -m ops redrive {subscription}`.",
        ),
    ),
    AlertKind(
        "silence",
        "{topic} is published, {consumer} does not acknowledge",
        "subscription",
        "critical",
        (1, 24, 25, 31, 32, 34, 76, 77),
        "Less than half of what was published on {topic} was acknowledged by {consumer}; fires within {silence_minutes} minutes. This is what a dead consumer looks like whatever killed it, also when its subscription is gone and no backlog is left to see.",
        "pubsub.googleapis.com/topic/send_request_count against subscription/push_request_count of class ack.",
        _DELIVERY,
        (
            "It says that {subscription} does not exist, is detached or pushes elsewhere: release the program again.",
            "HEALTHY: it exists and delivers; follow `push-failing` and `crash`.",
            "Which dates wait for it: `python -m ops status`.",
            "Fallback schedules may still start phases: data that arrives proves nothing.",
        ),
    ),
    AlertKind(
        "dead-letter",
        "Dead letters of {subscription}",
        "subscription",
        "error",
        (37, 39, 41, 69),
        "Messages of {topic} that {consumer} could not take are kept in {dead_letter_subscription}. With few attempts and short back-off a whole outage ends up there.",
        "pubsub.googleapis.com/subscription/num_undelivered_messages of {dead_letter_subscription}.",
        "python -m ops redrive {subscription}",
        (
            "`undelivered` would be redriven: once {consumer} answers again, `python -m ops redrive {subscription} --yes`.",
            "Another reason stays: {consumer} cannot use the message; the sample and the table of errors say why.",
            "NOT KNOWN: another holds the messages until the time that it says; ask again then.",
        ),
    ),
    AlertKind(
        "publish-failing",
        "Publishing to {topic} fails",
        "topic",
        "error",
        (28, 31, 33),
        "Pub/Sub refused requests to publish on {topic}: the topic is gone, the publisher lacks the role, or the message does not fit.",
        "pubsub.googleapis.com/topic/send_request_count by response_class.",
        "python -m ops verify --only topics --only grants",
        (
            "It says that {topic} does not exist, or who lacks roles/pubsub.publisher: release again.",
            "HEALTHY: the message does not fit; the response code in the metric is invalid_argument.",
            "The publishers are: {publishers}.",
        ),
    ),
    AlertKind(
        "stream-failing",
        "{stream} does not write {topic} to {table}",
        "stream",
        "error",
        (28, 64, 66, 67, 69),
        "Pub/Sub fails to write messages of {topic} as rows of {table}: table, column, transform or grant do not fit. The rows are late, and the record of what completed is incomplete meanwhile.",
        "pubsub.googleapis.com/subscription/push_request_count of {subscription}, classes other than ack.",
        _STREAM,
        (
            "It says that {subscription} is in a state, or which column or grant is missing: release again.",
            "A column that nobody declares: add it to its file under schemas/, and release.",
            "What was given up meanwhile waits in the dead letter: `python -m ops redrive {subscription}`.",
        ),
    ),
    AlertKind(
        "overdue",
        "{boundary}: a date is incomplete past its deadline",
        "boundary",
        "error",
        (42, 43, 47, 49),
        "A date of {boundary} has been open for more than {deadline_minutes} minutes since its first completion. The timer found it; the entry names the missing processors.",
        "Event deadline_passed in the logs of {timer}.",
        _DATE,
        (
            "It names the missing processors, and the service whose log tells why they did not complete.",
            "It recommends a repair where one helps: `python -m ops repair {date} --boundary {boundary}` says what it would do.",
            "Something waits in a dead letter: `python -m ops redrive {function}`.",
            "A processor that never completes in this mode means that the expectation is wrong: pipeline.yaml.",
        ),
    ),
    AlertKind(
        "blocked",
        "{boundary}: a gate blocks a date",
        "boundary",
        "error",
        (44, 77),
        "A date of {boundary} is complete, but a gate found its data missing or thin and nothing was triggered. It is tried again; without data it stays blocked.",
        "Event gate_blocked in the logs of {function}; it names the gate and the value.",
        _DATE,
        (
            "It names the gate and its value now; the gate's query is in schemas/queries/.",
            "Repair the data, then let the next retry open the gate, or `python -m ops repair {date} --boundary {boundary} --yes` at once; there is nothing to reset.",
        ),
    ),
    AlertKind(
        "without-effect",
        "{boundary}: a trigger had no effect",
        "boundary",
        "error",
        (32, 33, 41, 49, 77),
        "A date of {boundary} was triggered, and {downstream} did not complete anything for it within {start_minutes} minutes. The trigger was published again.",
        "Event trigger_without_effect in the logs of {timer}.",
        _DATE,
        (
            "It says how long ago it was triggered and that nothing followed: `python -m ops repair {date} --boundary {boundary} --yes` publishes it again.",
            "Is it delivered at all? `python -m ops verify --only subscriptions --only invokers --only consumers` looks at {trigger_topic}.",
            "Was it understood? A 400 is in `push-failing` and in the dead letter.",
        ),
    ),
    AlertKind(
        "unknown-processor",
        "{boundary}: a completion of an unknown processor",
        "boundary",
        "warning",
        (31, 42),
        "A completion for {boundary} names a processor that no mode expects. It is recorded and never counted; if it is a new name of an expected one, the date stays incomplete.",
        "Event unknown_processor in the logs of {function}; it carries the name.",
        _DATE,
        (
            "The entry that fired carries the name; the command says whether the date waits for it.",
            "Add the name as an alias in pipeline.yaml, or tell its publisher.",
            "After the release: `python -m ops redrive {function} --reason unknown_processor --yes`.",
        ),
    ),
    AlertKind(
        "message-refused",
        "{boundary}: a message does not fit its contract",
        "boundary",
        "warning",
        (39, 41),
        "{function} received a message that does not fit its contract. It is kept with the reason and acknowledged, so it does not come back by itself.",
        "Event bad_message in the logs of {function}; the row in the table of errors has the message.",
        _EVENT,
        ("Read the reason; compare the publisher with schemas/messages/.",),
    ),
    AlertKind(
        "gate-warning",
        "{boundary}: a gate passed with a thin result",
        "boundary",
        "warning",
        (66, 77),
        "A gate of {boundary} let a date pass whose value is below what is normal. The next phase runs on thin data.",
        "Event gate_warning in the logs of {function}; it names the gate and the value.",
        _DATE,
        ("Compare the value with the days before; decide whether the date is worth a rerun.",),
    ),
    AlertKind(
        "sweep-goes-on",
        "{boundary}: more open dates than a run of the timer has time for",
        "boundary",
        "warning",
        (47, 49),
        "{timer} ends its run before it has looked at every open date of {boundary}. The newest dates are looked at first in each run; older ones take turns, so their deadlines come late.",
        "Event sweep_goes_on in the logs of {timer}; it says how many dates wait.",
        _EVENT,
        (
            "A backfill that should start nothing carries `skip_downstream: true`; its dates are closed and met once.",
            "Dates that will never complete: find out who does not deliver; they leave the database after their time to live.",
            "A dependency that answers slowly makes every run short: see `latency` and `needs-repair`.",
        ),
    ),
    AlertKind(
        "downstream-silent",
        "{boundary}: nothing of {downstream} after a trigger",
        "boundary",
        "critical",
        (32, 33, 49, 76, 77),
        "A trigger was published on {trigger_topic}, and for {start_minutes} minutes and more nothing was published on {downstream_topic}. Seen from metrics alone, so it also holds when the timer is down.",
        "pubsub.googleapis.com/topic/send_request_count of both topics.",
        "python -m ops verify --only consumers --only subscriptions --only invokers",
        (
            "It says that nothing subscribes to {trigger_topic}, or what keeps its deliveries away: release again.",
            "Which dates wait for it: `python -m ops status`.",
            "Is the service of {downstream} up? It belongs to another project's release.",
        ),
    ),
    AlertKind(
        "schedule-failing",
        "The job {job} fails",
        "schedule",
        "error",
        (14, 23, 25, 26, 50, 74),
        "Cloud Scheduler called {function} for `{schedule}` and did not get a success.",
        "Log entries of the job: attempt finished, severity ERROR, with the status.",
        _SCHEDULE,
        (
            "It names the grant, the identity or the address that {job} calls with: release again.",
            "It says that the last run failed, and nothing else: the function's own errors.",
        ),
    ),
    AlertKind(
        "schedule-missing",
        "The job {job} did not run",
        "schedule",
        "error",
        (47, 52),
        "The job {job} (`{cron}`, {time_zone}) has written no attempt when it should have: paused, deleted, or never created. Deadlines and repairs depend on it.",
        "logging.googleapis.com/log_entry_count of the job.",
        _SCHEDULE,
        (
            "It says that {job} is PAUSED: find out who and why before resuming; the declared state is in pipeline.yaml.",
            "It says that {job} does not exist, or runs at another time: release the program again.",
        ),
    ),
)

KINDS: Mapping[str, AlertKind] = {kind.id: kind for kind in _KINDS}
