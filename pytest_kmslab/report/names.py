"""Names that are the same in every run: a stack's logical ids, and the names that the lab was asked for.

In one test two resources of one kind never share a name: a policy for one of them would be taken for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, print_policy, read_policy
from pytest_kmslab.lab.naming import SUFFIX
from pytest_kmslab.privilege.use import Use
from pytest_kmslab.report.policy_owner import KEY_ID

GIVEN = re.compile(rf"([\w+=,.@-]*?){SUFFIX}(?![\w-])")
"""A name that the lab gave, and what it was asked for."""

OF_AN_ALIAS = re.compile(r"alias/[\w/-]*\Z")
"""What stands before the name of an alias."""
LONGEST_ALIAS = 256
"""Characters of an alias at most."""
KIND = re.compile(r":(?:assumed-)?([a-z-]+)/")
"""What stands before a name in an ARN; a role's sessions are of the role's name."""

WORD = re.compile(r"[\w-]+")
"""What most names of a stack's resources are, and an id of a key."""

OF_A_TABLE = re.compile(r"(:table/[\w.-]+/(?:stream|backup|export|import)/)[\w.:-]+")
"""What DynamoDB names itself, by the time: nobody can know it when a policy is written."""


class StableNames:
    """Gives each name of a run another that does not change from run to run."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of_test(self, uses: Iterable[Use], logical_ids: Mapping[str, str]) -> Renaming:
        """The names of one test; `logical_ids` are those of stacks' resources by their names."""
        aliases: dict[str, str] = {}
        kinds: dict[str, str] = {}
        for use in uses:
            kinds.update(_kinds_in(use.request.resource), **_kinds_in(use.actor))
            key_id = KEY_ID.search(use.request.resource)
            names = use.request.context.get("kms:ResourceAliases")
            if key_id and names:
                aliases[key_id[0]] = names[0]
        return Renaming(self._known, logical_ids, aliases, kinds)


def _kinds_in(arn: str) -> dict[str, str]:
    """What kind of resource each name is of that the lab gave and an ARN has."""
    kind = KIND.search(arn)
    return {name[0]: kind[1] for name in GIVEN.finditer(arn)} if kind else {}


class Renaming:
    """The names of one test, and what they become."""

    def __init__(
        self,
        known: dict[str, str],
        logical_ids: Mapping[str, str],
        aliases: Mapping[str, str],
        kinds: Mapping[str, str],
    ) -> None:
        self._known = known
        self._kinds = kinds
        self._logical_ids = logical_ids
        self._aliases = aliases
        self._taken: dict[tuple[str, str], str] = {}
        self._policies: dict[int, tuple[Policy, Policy]] = {}
        # By a pattern those alone that are no one word: a run may have thousands of stacks, and each of its
        # tests makes a pattern. The longest first, as one name may be the beginning of another.
        longer = sorted((name for name in logical_ids if not WORD.fullmatch(name)), key=len, reverse=True)
        ids = "|".join(map(re.escape, longer))
        self._of_stacks = re.compile(rf"(?<![\w-])(?:{ids})(?![\w-])") if ids else None

    def text(self, text: str) -> str:
        """A text with every name in it replaced."""
        # Before the names that the lab gave, which a stack's names have in them.
        if self._of_stacks is not None:
            text = self._of_stacks.sub(self._name_of_stack, text)
        if self._logical_ids:
            text = WORD.sub(self._name_of_stack, text)
        text = KEY_ID.sub(lambda match: self._name_of_key(match[0]), text)
        text = GIVEN.sub(self._name_of_lab, text)
        return OF_A_TABLE.sub(r"\1*", text)

    def use(self, use: Use, test: str) -> Use:
        """A request with every name replaced; its identity-based policies, not asked again, are left out."""
        request = use.request
        # Values alone hold names of a run; condition keys are AWS's.
        pairs = {name: tuple(map(self.text, values)) for name, values in request.context.pairs()}
        return Use(
            request._replace(
                principal=self.text(request.principal),
                resource=self.text(request.resource),
                context=Context(pairs),
            ),
            self._renamed(use.policies),
            tuple(map(self._grant, use.grants)),
            test,
        )

    def _name_of_stack(self, match: re.Match[str]) -> str:
        name = match[0]
        return self._name(name, self._logical_ids[name]) if name in self._logical_ids else name

    def _name_of_key(self, key_id: str) -> str:
        alias = self._aliases.get(key_id)
        return self._name(key_id, self.text(alias).removeprefix("alias/") if alias else "key", "key")

    def _name_of_lab(self, match: re.Match[str]) -> str:
        # An alias is asked for by its key, so that none of the requests may have its ARN.
        is_alias = OF_AN_ALIAS.search(match.string[max(0, match.start() - LONGEST_ALIAS) : match.start()])
        kind = "alias" if is_alias else self._kinds.get(match[0], "")
        return self._name(match[0], match[1] or "unnamed", kind)

    def _name(self, name: str, wanted: str, kind: str = "") -> str:
        """The stable name of a name: the same as before, unless another of this test and kind has it."""
        label, number = self._known.get(name, wanted), 1
        while self._taken.get((kind, label), name) != name:
            number += 1
            label = f"{wanted}-{number}"
        self._known[name], self._taken[kind, label] = label, name
        return label

    def _renamed(self, policies: Policies) -> Policies:
        return Policies(
            resource=self._one(policies.resource),
            permissions_boundary=self._one(policies.permissions_boundary),
            session=self._several(policies.session),
            service_control=tuple(map(self._several, policies.service_control)),
            resource_control=tuple(map(self._several, policies.resource_control)),
            vpc_endpoint=self._one(policies.vpc_endpoint),
        )

    def _several(self, policies: tuple[NamedPolicy, ...]) -> tuple[NamedPolicy, ...]:
        return tuple(NamedPolicy(self.text(policy.name), self._policy(policy.policy)) for policy in policies)

    def _one(self, policy: NamedPolicy | None) -> NamedPolicy | None:
        return None if policy is None else self._several((policy,))[0]

    def _policy(self, policy: Policy) -> Policy:
        known = self._policies.get(id(policy))
        if known is None:
            # The policy is kept too: its id could be another's once it is gone.
            known = self._policies[id(policy)] = policy, read_policy(self.text(print_policy(policy)))
        return known[1]

    def _grant(self, grant: Grant) -> Grant:
        def pairs(context: Mapping[str, str] | None) -> Mapping[str, str] | None:
            return None if context is None else {name: self.text(value) for name, value in context.items()}

        return replace(
            grant,
            grantee_principal=self.text(grant.grantee_principal),
            retiring_principal=self.text(grant.retiring_principal),
            encryption_context_equals=pairs(grant.encryption_context_equals),
            encryption_context_subset=pairs(grant.encryption_context_subset),
        )
