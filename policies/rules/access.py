"""Who may do what: no public door, no default identity, no role that holds everything, no grant that takes others away."""

from __future__ import annotations

import re

from policies.case import Case, StackCase
from policies.kinds import (
    ACCOUNT,
    ACCOUNT_KEY,
    DATASET,
    DATASET_ACCESS,
    FUNCTION,
    JOB,
    RUN_INVOKER,
    RUN_INVOKER_V1,
    SUBSCRIPTION,
)
from policies.registry import resource_rule, stack_rule
from policies.values import UNKNOWN, known

PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers"})
BASIC_ROLES = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
INVOKER_ROLES = frozenset({"roles/run.invoker"})

# Compute, App Engine and legacy Cloud Build identities exist in every project and can do far more than one
# function.
DEFAULT_IDENTITY = re.compile(
    r"-compute@developer\.gserviceaccount\.com$|@appspot\.gserviceaccount\.com$|@cloudbuild\.gserviceaccount\.com$"
)
MEMBERS = ("member", "members.*", "entity", "specialGroup", "iamMember", "roleEntities.*", "accesses.*.specialGroup")
IDENTITIES = {
    FUNCTION: ("serviceConfig.serviceAccountEmail", "buildConfig.serviceAccount"),
    SUBSCRIPTION: ("pushConfig.oidcToken.serviceAccountEmail",),
    JOB: ("httpTarget.oidcToken.serviceAccountEmail", "httpTarget.oauthToken.serviceAccountEmail"),
}


@resource_rule("no-public-access", "Nobody from the open internet is granted anything", incidents=(30,))
def no_public_access(case: Case) -> None:
    """Refuse allUsers and allAuthenticatedUsers on every kind of grant: functions are called with a token, or not at all."""
    for member in case.values(*MEMBERS, computed=True):
        if str(member) in PUBLIC:
            case.violation(f"{member} is granted access; grant the one service account that calls instead.")


@resource_rule("no-basic-role", "No grant of owner, editor or viewer", incidents=(30,))
def no_basic_role(case: Case) -> None:
    """Refuse the basic roles: once one default identity held editor for every function of the project."""
    for role in case.values("role", "accesses.*.role"):
        if role in BASIC_ROLES:
            case.violation(f"{role} covers the whole project; grant the predefined role of the one thing that is used.")


@resource_rule("no-authoritative-grant", "Grants add, they never replace what others granted", incidents=(20, 24, 25))
def no_authoritative_grant(case: Case) -> None:
    """Refuse Binding and Policy kinds and inline access lists: each removes every grant that it does not list."""
    kind = case.subject.kind.rpartition(":")[2]
    if re.search(r"iam(binding|policy)$", kind, re.IGNORECASE):
        member = re.sub(r"(Binding|Policy)$", "Member", kind)
        case.violation(f"{kind} takes away every grant that it does not list; use {member}, which only adds.")
    if case.subject.kind == DATASET_ACCESS or (case.subject.kind == DATASET and case.states("accesses")):
        case.violation("Dataset access entries fight with dataset grants; use DatasetIamMember only.")


@stack_rule("own-identity", "Whatever acts, acts as its own service account", incidents=(26, 28, 30))
def own_identity(stack: StackCase) -> None:
    """Refuse a function, its build, a push or a scheduler job that would act as a default identity.

    An identity not known yet must be computed from a service account of this stack.
    """
    for case in stack.of(*IDENTITIES):
        for path in IDENTITIES[case.subject.kind]:
            if case.subject.kind == FUNCTION and not case.has(path):
                case.violation(f"{path} is not set, so a default identity is used; set an account of its own.")
            for _, email in known(case.subject.props, path):
                if email is UNKNOWN and stack.referenced(case, path, ACCOUNT):
                    continue
                if any(not text or DEFAULT_IDENTITY.search(str(text)) for text in case.values(path)):
                    case.violation(f"{path} is {email or 'empty'}, a default identity; set an account of its own.")


@resource_rule("no-grant-to-default-identity", "A default identity is given nothing", incidents=(30,))
def no_grant_to_default_identity(case: Case) -> None:
    """Refuse grants to identities that everything without an identity of its own shares."""
    for member in case.values("member", "members.*", computed=True):
        if DEFAULT_IDENTITY.search(str(member)):
            case.violation(f"{member} is shared by everything without an identity; grant the caller's own account.")


@resource_rule(
    "no-account-keys", "No service account has a key that can be carried away", incidents=(30,), kinds=(ACCOUNT_KEY,)
)
def no_account_keys(case: Case) -> None:
    """Refuse exported keys: everything here runs on the platform and gets its tokens from it."""
    case.violation("A service account key does not expire and can be copied; let the platform issue tokens instead.")


@stack_rule("callers-may-call", "Every caller of a function holds the invoker role on it", incidents=(24, 25, 26))
def callers_may_call(stack: StackCase) -> None:
    """Refuse a push or scheduler edge to a function of this stack without run.invoker on that function's
    service.

    The grant counts when it is computed from the same function, or names the same service. Without it the
    platform answers 403 before the container is reached and no log of ours tells about it.
    """
    grants = [grant for grant in stack.of(RUN_INVOKER, RUN_INVOKER_V1) if grant.value("role") in INVOKER_ROLES]
    callable_functions = {
        target.subject.urn
        for grant in grants
        for path in ("name", "service")
        for target in stack.referenced(grant, path, FUNCTION)
    }
    edges = [(caller, "pushConfig.pushEndpoint") for caller in stack.of(SUBSCRIPTION)]
    edges += [(caller, "httpTarget.uri") for caller in stack.of(JOB)]
    for caller, path in edges:
        for target in stack.referenced(caller, path, FUNCTION):
            if target.subject.urn not in callable_functions:
                stack.violation(
                    f"{caller.subject.name} calls {target.subject.name}, but nobody holds run.invoker on its service; grant it to the caller's account.",
                    caller.subject.urn,
                )
