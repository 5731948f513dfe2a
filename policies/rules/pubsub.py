"""Subscriptions: authenticated push, time to finish, a way out for what cannot be handled, and no end of their own."""

from __future__ import annotations

from policies.case import Case, StackCase, physical_name
from policies.kinds import FUNCTION, SUBSCRIPTION, TOPIC
from policies.registry import resource_rule, stack_rule

ATTEMPTS = (5, 100)  # what the platform accepts as max_delivery_attempts
ACK_SECONDS = (10, 600)  # what the platform accepts as acknowledgement deadline, which is the push timeout too
MINIMUM_BACK_OFF_SECONDS = 10


@resource_rule(
    "push-authenticated", "Push carries a token for a named audience", incidents=(27,), kinds=(SUBSCRIPTION,)
)
def push_authenticated(case: Case) -> None:
    """Refuse push without an OIDC token, its account and an explicit audience: the receiver answers 401 or 403."""
    if not case.has("pushConfig"):
        return
    if not case.has("pushConfig.oidcToken"):
        case.violation("Push has no OIDC token, so a private service refuses it; set oidcToken.")
        return
    for needed in ("serviceAccountEmail", "audience"):
        path = f"pushConfig.oidcToken.{needed}"
        if case.missing(path):
            case.violation(f"The OIDC token has no {needed}; set it.")


@resource_rule(
    "never-expires", "Subscriptions do not expire when nothing flows", incidents=(34,), kinds=(SUBSCRIPTION,)
)
def never_expires(case: Case) -> None:
    """Refuse the default expiry of 31 idle days: an off season is longer, and the subscription is gone when it ends."""
    path = "expirationPolicy.ttl"
    if not case.has(path):
        case.violation("Without an expiration policy it is deleted after 31 idle days; set ttl to the empty string.")
    for ttl in case.values(path):
        if ttl != "":
            case.violation(f"It is deleted after {ttl} without traffic; set ttl to the empty string.")


@resource_rule(
    "back-off-declared",
    "A refused message is retried with increasing pauses",
    incidents=(38, 39),
    kinds=(SUBSCRIPTION,),
)
def back_off_declared(case: Case) -> None:
    """Refuse immediate redelivery of what was refused: it turns one bad message into a storm.

    A subscription that neither pushes nor writes is pulled by people and needs no back-off.
    """
    if not case.has("pushConfig") and not case.has("bigqueryConfig"):
        return
    if not case.has("retryPolicy.minimumBackoff") or not case.has("retryPolicy.maximumBackoff"):
        case.violation("No back-off is set, so redelivery is immediate; set minimumBackoff and maximumBackoff.")
    for back_off in case.values("retryPolicy.minimumBackoff"):
        seconds = str(back_off).removesuffix("s")
        if not seconds.replace(".", "", 1).isdigit() or float(seconds) < MINIMUM_BACK_OFF_SECONDS:
            case.violation(f"The first pause is {back_off}; set at least {MINIMUM_BACK_OFF_SECONDS}s.")


@resource_rule("ack-deadline-declared", "The time to acknowledge is stated", incidents=(36,), kinds=(SUBSCRIPTION,))
def ack_deadline_declared(case: Case) -> None:
    """Refuse the default of 10 seconds on push: it is the request timeout too, and slow work is delivered again."""
    path = "ackDeadlineSeconds"
    if case.has("pushConfig") and not case.has(path):
        case.violation("No acknowledgement deadline is set, so work is delivered again after 10 s; set it.")
    seconds = case.number(path)
    if seconds is not None and not ACK_SECONDS[0] <= seconds <= ACK_SECONDS[1]:
        case.violation(f"An acknowledgement deadline of {seconds:g} s is not accepted; set 10 to 600.")


@resource_rule("retention-bounded", "Messages are kept for a stated time", incidents=(40,), kinds=(SUBSCRIPTION,))
def retention_bounded(case: Case) -> None:
    """Refuse retention left to the platform, and kept acknowledged messages that a seek could send again."""
    if not case.has("messageRetentionDuration"):
        case.violation("No message retention is set; state how long an outage may last before messages are lost.")


@stack_rule("ack-covers-timeout", "A push waits at least as long as its function may work", incidents=(36,))
def ack_covers_timeout(stack: StackCase) -> None:
    """Refuse a deadline shorter than the function's timeout: the message comes again while the work still runs."""
    for case in stack.of(SUBSCRIPTION):
        deadline = case.number("ackDeadlineSeconds")
        for function in stack.referenced(case, "pushConfig.pushEndpoint", FUNCTION):
            timeout = function.number("serviceConfig.timeoutSeconds")
            if deadline is not None and timeout is not None and deadline < timeout:
                stack.violation(
                    f"{case.subject.name} waits {deadline:g} s for {function.subject.name}, which may work {timeout:g} s; raise the deadline or lower the timeout.",
                    case.subject.urn,
                )


@stack_rule(
    "dead-letter-consumed", "What cannot be delivered goes to a dead letter that somebody reads", incidents=(37, 39)
)
def dead_letter_consumed(stack: StackCase) -> None:
    """Refuse a subscription without a dead letter, and a dead letter topic without a subscription, which
    loses messages.

    A subscription to a dead letter topic is the end of the line and needs none itself.
    """
    subscriptions = stack.of(SUBSCRIPTION)
    letters = {
        topic.subject.urn: case
        for case in subscriptions
        for topic in stack.referenced(case, "deadLetterPolicy.deadLetterTopic", TOPIC)
    }
    consumed = {topic.subject.urn for case in subscriptions for topic in stack.referenced(case, "topic", TOPIC)}
    for urn, case in letters.items():
        if urn not in consumed:
            stack.violation(
                f"The dead letter topic of {case.subject.name} has no subscription, so messages are lost; add one.",
                case.subject.urn,
            )
    for case in subscriptions:
        source = {topic.subject.urn for topic in stack.referenced(case, "topic", TOPIC)}
        if not source & set(letters):
            _has_dead_letter(case)


def _has_dead_letter(case: Case) -> None:
    if not case.has("deadLetterPolicy.deadLetterTopic"):
        case.violation("There is no dead letter, so a bad message comes back for ever; set deadLetterPolicy.")
        return
    path = "deadLetterPolicy.maxDeliveryAttempts"
    if not case.has(path):
        case.violation("The dead letter has no number of attempts; set maxDeliveryAttempts.")
    attempts = case.number(path)
    if attempts is not None and not ATTEMPTS[0] <= attempts <= ATTEMPTS[1]:
        case.violation(f"{attempts:g} delivery attempts are not accepted; set {ATTEMPTS[0]} to {ATTEMPTS[1]}.")


@stack_rule("topic-has-subscription", "Every topic of the stack has a subscription", incidents=(31, 32, 33, 34))
def topic_has_subscription(stack: StackCase) -> None:
    """Refuse a topic that nobody of this stack subscribes to: publishing to it succeeds and has no effect.

    A topic is exempt where the declaration says that its consumer makes the subscription itself.
    """
    consumed = {
        topic.subject.urn for case in stack.of(SUBSCRIPTION) for topic in stack.referenced(case, "topic", TOPIC)
    }
    for topic in stack.of(TOPIC):
        if topic.subject.urn not in consumed and physical_name(topic.subject) not in stack.declared.consumed_elsewhere:
            topic.violation("Nobody subscribes to this topic, so what is published to it is lost; add a subscription.")
