"""The lab: makes keys, tables and users, lets you act as any of them, and removes it all again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.arguments import check_flag, check_seconds, check_texts, wrong_type
from pytest_kmslab.authz.values import timestamp
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.acting.acting_lab import ActingLab
from pytest_kmslab.lab.acting.principals import Principals
from pytest_kmslab.lab.adoption import Adoption
from pytest_kmslab.lab.arguments import name_or, names_of
from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.creation import Creation
from pytest_kmslab.lab.inventory import inventory
from pytest_kmslab.lab.kinds.alarm import create_alarm
from pytest_kmslab.lab.kinds.existing import ExistingKey, ExistingTable, use_key, use_table
from pytest_kmslab.lab.kinds.iam.group import IamGroup, create_group
from pytest_kmslab.lab.kinds.iam.permissions import read_permissions
from pytest_kmslab.lab.kinds.iam.role import IamRole, RoleRequest, account_trust, create_role
from pytest_kmslab.lab.kinds.iam.user import (
    IamUser,
    UserRequest,
    create_user,
)
from pytest_kmslab.lab.kinds.kms.key import SYMMETRIC, KmsKey, Principal
from pytest_kmslab.lab.kinds.kms.key_creation import KeyRequest, console_policy_of, create_key
from pytest_kmslab.lab.kinds.stacks.stack import (
    Stack,
    StackRequest,
    create_stack,
    has_bucket,
    pseudo_parameters,
)
from pytest_kmslab.lab.kinds.table import DynamoDBTable, Encryption, table_policy_check
from pytest_kmslab.lab.kinds.table import create_table as make_table
from pytest_kmslab.lab.objects import LabObjects
from pytest_kmslab.lab.policies.refused import naming_policy
from pytest_kmslab.lab.policies.sources import (
    InlineSources,
    PolicySource,
    PolicySources,
    read_document,
)
from pytest_kmslab.lab.teardown.stack import TeardownStack
from pytest_kmslab.lab.templates.arguments import (
    CAPABILITIES,
    ParameterValue,
    stack_capabilities,
    stack_name,
    stack_parameters,
)
from pytest_kmslab.lab.templates.for_emulators import for_emulator, refuse_loops
from pytest_kmslab.lab.templates.template import TemplateSource, read_template

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.trail import Trail


ROLE_NAME = "kmslab-role"


class Lab(ActingLab):
    """A place to work in: an account, its administrator, and what you make there.

    Everything is made by the administrator, under a name of its own and with the run's tags, and is
    removed by `close`, newest first. Errors of the services are boto3's own. `open_lab` makes one.
    """

    def __init__(
        self, context: LabContext, teardown: TeardownStack, admin: IamUser, principals: Principals
    ) -> None:
        super().__init__(context, teardown, admin, principals)
        self._creation = Creation(context, teardown, principals.session(admin).client)
        self._objects = LabObjects(self._creation, principals, self._assumption)
        self._adoption = Adoption(
            self._creation_in, lambda creation: LabObjects(creation, principals, self._assumption)
        )

    @property
    def account(self) -> str:
        """The account's id, 12 digits."""
        return self._context.backend.account

    @property
    def trail(self) -> Trail:
        """Every decision made so far in this run."""
        return self._context.trail

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return self._teardown.is_empty

    @for_the_lab
    def create_key(
        self,
        alias: str | None = None,
        *,
        description: str | None = None,
        administrators: Principal | Iterable[Principal] | None = None,
        users: Principal | Iterable[Principal] | None = None,
        policy: PolicySource | None = None,
        spec: str = SYMMETRIC,
        usage: str | None = None,
        tags: Mapping[str, str] | None = None,
        multi_region: bool = False,
    ) -> KmsKey:
        """Make a key with an alias, which is made unique; symmetric unless another `spec` is given.

        Its policy is what the console writes for these key administrators and key users, by default
        the lab's administrator as both; or the `policy` given. Raises PolicyError for one that cannot be
        read, and makes nothing then.
        """
        if policy is None:
            principals = {"administrators": administrators, "users": users}
            everybody = {name: self.admin if one is None else one for name, one in principals.items()}
            passed = [name for name, one in principals.items() if one is not None]
            document = console_policy_of(self._creation, everybody, passed, spec, usage)
        else:
            document = read_document("policy", policy)
        if description is None:
            description = self._context.settings.key_description
        request = KeyRequest(document, description, spec, usage, check_texts("tags", tags), multi_region)
        base = name_or(self._context.settings.key_alias, "alias", alias)
        return create_key(self._creation, base, request, probers=self._principals)

    @for_the_lab
    def use_key(self, arn: str) -> ExistingKey:
        """Work with a key that is there already, which is never deleted.

        Its policy is changed only where `--kmslab-manage-key-policy` allows it, and is put back letter by
        letter when the lab ends. Raises ResourceError for one that is not there, or cannot be used.
        """
        managed = self._context.settings.manage_key_policy
        return use_key(self._creation, arn, managed=managed, probers=self._principals)

    @for_the_lab
    def use_table(self, name: str, key: KmsKey) -> ExistingTable:
        """Work with a table that is there already, under this key, and is never changed or deleted.

        Raises ResourceError for one that is not there, under another key, or has another partition key.
        """
        return use_table(self._creation, name, key)

    @for_the_lab
    def create_table(
        self, name: str | None = None, *, key: Encryption | None = None, **create_table: Any
    ) -> DynamoDBTable:
        """Make a table, and return when it is ACTIVE; the name is made unique.

        The table has the partition key `id` (String) and on-demand capacity, unless parameters of CreateTable
        (`KeySchema=…`, `StreamSpecification=…`) say otherwise; `TableName` is not among them, nor with a key
        `SSESpecification`. `ResourcePolicy` is a dict, JSON text or a `Path`. Without a key the table is
        encrypted under the key that DynamoDB owns, which asks nobody for a permission.
        """
        refused = {"TableName": "name", **({} if key is None else {"SSESpecification": "key"})}
        for parameter in refused.keys() & create_table.keys():
            raise TypeError(f"create_table() takes `{refused[parameter]}`, not `{parameter}` beside it")
        base = name_or(self._context.settings.table_name, "name", name)
        policy_source = create_table.get("ResourcePolicy")
        if policy_source is None:
            return make_table(self._creation, base, key, create_table)
        # Read as every other policy: what botocore takes is a text alone.
        policy = read_document("ResourcePolicy", policy_source)
        with naming_policy(policy, table_policy_check(self._creation)):
            return make_table(self._creation, base, key, {**create_table, "ResourcePolicy": policy.text})

    @for_the_lab
    def create_alarm(self, table: DynamoDBTable) -> str:
        """Make a CloudWatch alarm that watches a table, and return its name."""
        if not isinstance(table, DynamoDBTable):
            raise wrong_type("table", "a table of the lab", table)
        return create_alarm(self._creation, table.name, table.arn)

    @for_the_lab
    def create_user(
        self,
        name: str | None = None,
        *,
        policies: PolicySources = (),
        inline: InlineSources | None = None,
        boundary: PolicySource | None = None,
        groups: Iterable[IamGroup | str] | IamGroup = (),
        tags: Mapping[str, str] | None = None,
        console: bool = False,
        path: str = "/",
    ) -> IamUser:
        """Make an IAM user with an access key; the name is made unique.

        A policy is an AWS managed policy's name, an ARN, a dict, JSON text or a `Path`; `policies` takes one
        or several, `inline` too, or a dict of them by name. With `console` the user can sign in to the
        console; the credentials file is in a temporary directory of pytest's. Raises PolicyError or
        ResourceError for a policy that cannot be read or is not there, and makes nothing then.
        """
        base = name_or(self._context.settings.user_name, "name", name)
        permissions = read_permissions(self._creation, "user", policies, inline, boundary)
        check_flag("console", console)
        request = UserRequest(
            permissions, check_texts("tags", tags), names_of("groups", groups), path, console
        )
        user = create_user(self._creation, base, request)
        self._principals.add(user)
        return user

    @for_the_lab
    def create_role(
        self,
        name: str | None = None,
        *,
        trust: PolicySource | None = None,
        policies: PolicySources = (),
        inline: InlineSources | None = None,
        boundary: PolicySource | None = None,
        tags: Mapping[str, str] | None = None,
        path: str = "/",
        max_session: int = 3600,
    ) -> IamRole:
        """Make an IAM role; the name is made unique.

        Without `trust` it is left to the account's IAM policies who may assume it: the lab's administrator
        may. Policies are given, and refused, as in `create_user`.
        """
        permissions = read_permissions(self._creation, "role", policies, inline, boundary)
        # Nobody is named: whoever is allowed `sts:AssumeRole` by their own policies may, the administrator
        # too.
        trusting = account_trust(self.account, self.region) if trust is None else trust
        trusted = read_document("trust", trusting)
        request = RoleRequest(permissions, trusted, check_texts("tags", tags), path, max_session)
        return create_role(self._creation, name_or(ROLE_NAME, "name", name), request, self._assumption)

    @for_the_lab
    def create_group(
        self, name: str | None = None, *, policies: PolicySources = (), inline: InlineSources | None = None
    ) -> IamGroup:
        """Make an IAM group, under the path `/kmslab/`; the name is made unique. Policies as for users."""
        permissions = read_permissions(self._creation, "group", policies, inline)
        return create_group(self._creation, name_or("kmslab-group", "name", name), permissions)

    @for_the_lab
    def deploy(
        self,
        template: TemplateSource,
        *,
        parameters: Mapping[str, ParameterValue] | None = None,
        capabilities: Iterable[str] | str | None = CAPABILITIES,
        name: str | None = None,
    ) -> Stack:
        """Make a CloudFormation stack of a template, and return when it is there; its name is made unique.

        The template is a `Path`, a dict, or JSON or YAML text: what somebody wrote, what `cdk synth` writes,
        what SAM expands to. A list among the `parameters` is joined with commas. All capabilities are
        acknowledged, as `cdk deploy` does, unless others are given.

        What the template retains is removed after the stack when the lab ends. Raises TemplateError for what
        cannot be deployed, and makes nothing then; ResourceError for a stack that failed, with what failed in
        it and why, and removes it.
        """
        read, backend, base = read_template(template), self._context.backend, stack_name(name)
        parts = stack_parameters(read, parameters), stack_capabilities(read, capabilities)
        backend.check_stacks()
        if not backend.capabilities.enforces:
            refuse_loops(read)
        alone = backend.makes_stacks_alone
        if alone:
            read = for_emulator(read, pseudo_parameters(self._creation), partial(has_bucket, self._creation))
        request = StackRequest(read, *parts, is_checked=alone)
        return create_stack(self._creation, base, request, self._objects.of_member)

    @for_the_lab
    def adopt(self, arn: str) -> Any:
        """Take over what the code under test made by itself, and remove it when the lab ends.

        That is a key, table, user, role, group, managed policy, alarm or stack, which is tagged as the lab's
        own, and returned as the lab's object. Raises ResourceError for what this run was not seen to make,
        ArnError for what is no ARN of such a thing.
        """
        return self._adoption.adopt(arn)

    def at_end(self, function: Callable[[], object]) -> Callable[[], object]:
        """Call a function when the lab ends, before what was made until now is removed; the function itself.

        An exception is one of the errors of the lab's end, and stops nothing. Raises TypeError for what
        cannot be called.
        """
        if not callable(function):
            raise wrong_type("function", "a function without arguments", function)
        # A `partial` or an object that can be called has no name.
        name = getattr(function, "__qualname__", None) or repr(function)
        self._teardown.intend(f"at_end `{name}`", function)
        return function

    @for_the_lab
    def inventory(self) -> list[str]:
        """The ARNs of everything of this run (and xdist worker) in the account, found by its tags, sorted.

        What was adopted is among it. A key that is scheduled for deletion counts as gone. Raises what kept a
        resource from being looked at.
        """
        return inventory(self._creation, self._creation_in)

    @contextmanager
    def nested(self) -> Iterator[Lab]:
        """A lab in this one, with the same administrator: what is made in it goes at the block's end."""
        lab = Lab(self._context, self._context.teardown(), self.admin, self._principals)
        try:
            yield lab
        finally:
            lab.close()

    @for_the_lab
    def close(self) -> None:
        """Remove everything that was made, newest first, going on past errors.

        Raises TeardownError with all of them at the end.
        """
        self._teardown.unwind()

    @for_the_lab
    def keep(self, seconds: float) -> list[str]:
        """Leave everything that was made to itself for so long, and say what and until when; `close` then
        has nothing to remove. Tags say it to whoever sweeps from another machine.
        """
        until = datetime.now(timezone.utc) + timedelta(seconds=check_seconds("seconds", seconds))
        lines, failures = [], []
        for ref in self._teardown.retain(until):
            lines.append(f"{ref} until {until:%Y-%m-%d %H:%M} UTC")
            try:
                # A file is on this machine, where the ledger says that it is kept.
                if not ref.kind.is_file:
                    ref.kind.keep(self._creation.client, ref, timestamp(until))
            except (BotoCoreError, ClientError) as error:
                failures.append(f"{ref} could not be tagged as kept: {type(error).__name__}: {error}")
        return lines + failures

    def _creation_in(self, region: str) -> Creation:
        """The administrator's way to make things in a Region; the lab's own for what is in none."""
        if region in ("", self.region):
            return self._creation
        session = self._principals.session(self.admin).in_region(region)
        return replace(self._creation, client=session.client)
