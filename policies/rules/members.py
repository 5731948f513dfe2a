"""Whom grants are for: service accounts and agents that the program itself declares, in roles on the pack's list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.case import Case, StackCase
from policies.kinds import ACCOUNT, ACCOUNT_GRANT, JOB, POOL, PROJECT_GRANT, SERVICE_IDENTITY, SUBSCRIPTION
from policies.registry import resource_rule, stack_rule
from policies.values import UNKNOWN, known

HOLDERS: Final = {ACCOUNT: "account", SERVICE_IDENTITY: "agent"}
"""Kind of resource to what it is as a member."""
AGENT: Final = re.compile(r"serviceAccount:service-(\d+)@gcp-sa-([a-z]+)\.iam\.gserviceaccount\.com")
WORKFLOW: Final = re.compile(
    r"principalSet://iam\.googleapis\.com/projects/(\d+)/locations/global/workloadIdentityPools/([a-z0-9-]+)/attribute\.\S+"
)
TOKEN_CREATOR: Final = "roles/iam.serviceAccountTokenCreator"
CONDITIONAL: Final = frozenset({"roles/resourcemanager.projectIamAdmin"})


@stack_rule("role-and-member-allowed", "Each role is on the pack's list, for members of this program", incidents=(30,))
def role_and_member_allowed(stack: StackCase) -> None:
    """Refuse a role that is not on the list for this kind of grant, and a member that this program does not declare.

    A member that is not known yet is judged by what it is computed from; one that is known, by what it is.
    """
    for case in (case for kind in stack.declared.allowed.grants for case in stack.of(kind)):
        roles = stack.declared.allowed.grants[case.subject.kind]
        for role in case.values("role"):
            if role not in roles:
                place = stack.declared.allowed.place("grants", case.subject.kind)
                case.violation(f"{role} is not on the list for this kind of grant; add it to {place}, or remove this.")
            elif not set(found := list(_holders(stack, case))) <= roles[role] or not found:
                place = stack.declared.allowed.place("grants", case.subject.kind, role)
                case.violation(
                    f"{role} goes to {_shown(case)}, which is no {' or '.join(sorted(roles[role]))} of this program; grant it to one, or allow another kind of member in {place}."
                )


def _holders(stack: StackCase, case: Case) -> Iterator[str]:
    """Yield what the member of a grant is; the empty text for what is nothing of this program."""
    for _, member in known(case.subject.props, "member"):
        if member is UNKNOWN:
            computed = stack.computed_from(case, "member", *HOLDERS)
            everything = case.subject.references.get("member", frozenset())
            yield from (HOLDERS[each.subject.kind] for each in computed)
            if len(computed) != len(everything):
                yield ""
        else:
            yield _holder(stack, str(member))


def _holder(stack: StackCase, member: str) -> str:
    project, number = stack.declared.project, stack.declared.project_number
    ids = {
        value
        for account in stack.of(ACCOUNT)
        for _, value in known(account.subject.props, "accountId")
        if isinstance(value, str)
    }
    if member in {f"serviceAccount:{each}@{project}.iam.gserviceaccount.com" for each in ids}:
        return "account"
    if agent := AGENT.fullmatch(member):
        services = {str(value) for each in stack.of(SERVICE_IDENTITY) for value in each.values("service")}
        return "agent" if agent[1] == number and f"{agent[2]}.googleapis.com" in services else ""
    if workflow := WORKFLOW.fullmatch(member):
        pools = {value for each in stack.of(POOL) for value in each.values("workloadIdentityPoolId")}
        return "workflow" if workflow[1] == number and workflow[2] in pools else ""
    return ""


def _shown(case: Case) -> str:
    return next((str(value) for _, value in known(case.subject.props, "member")), "nobody")


@stack_rule("tokens-for-callers", "Tokens are minted for identities that only call", incidents=(27, 28, 30))
def tokens_for_callers(stack: StackCase) -> None:
    """Refuse the right to act as an account that no push and no job of this stack calls with.

    Whoever may mint an account's tokens may do what it may; the build's and the functions' own are not for that.
    """
    callers = {
        account.subject.urn
        for kind, path in ((SUBSCRIPTION, "pushConfig.oidcToken"), (JOB, "httpTarget.oidcToken"))
        for caller in stack.of(kind)
        for account in stack.referenced(caller, f"{path}.serviceAccountEmail", ACCOUNT)
    }
    for grant in stack.of(ACCOUNT_GRANT):
        if grant.value("role") != TOKEN_CREATOR:
            continue
        accounts = stack.computed_from(grant, "serviceAccountId", ACCOUNT)
        if not accounts or any(account.subject.urn not in callers for account in accounts):
            named = ", ".join(account.subject.name for account in accounts) or "an account of another program"
            grant.violation(f"{named} calls nothing, so nobody needs its tokens; remove this grant.")


@resource_rule(
    "grants-conditional", "Who may grant is held to a list of roles", incidents=(30,), kinds=(PROJECT_GRANT,)
)
def grants_conditional(case: Case) -> None:
    """Refuse the right to change the project's grants without the condition that names the roles that it covers."""
    if case.value("role") not in CONDITIONAL:
        return
    expression = case.text("condition.expression")
    if re.fullmatch(
        r"api\.getAttribute\('iam\.googleapis\.com/modifiedGrantsByRole', \[\]\)\.hasOnly\(\[('roles/[\w.]+'(, )?)+\]\)",
        expression,
    ) is None:  # fmt: skip
        case.violation("It may change every grant of the project; set the condition that lists the roles it may grant.")
