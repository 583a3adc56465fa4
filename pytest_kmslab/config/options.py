"""Every option in one table, and the frozen Settings that they make; `resolve` reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pytest_kmslab.config import validators as good
from pytest_kmslab.config.validators import Rule, one_of


class Settings(NamedTuple):
    """What a run was asked for: the options, each resolved to one value."""

    # No dataclass: making one of so many fields takes a millisecond, and every run of pytest makes this one.

    backend: str = "moto"
    """`moto`, `localstack` or `aws`."""
    real_aws: bool = False
    """Whether `--real-aws` was given; `backend` is `aws` then."""
    account: str = ""
    """Twelve digits; empty where nobody named one."""
    profile: str = ""
    """Of the AWS account; empty for the credentials that boto3 finds."""
    observe: str = "warn"
    """`warn`, `strict` or `off`."""
    key_arn: str = ""
    """A key to use in place of a new one; empty for none."""
    table: str = ""
    """A table to use in place of a new one; empty for none."""
    manage_key_policy: bool = False
    block_aws: str = "lab"
    """`lab` or `always`."""
    prices: str = ""
    """The path of a file; empty for the prices that come along."""
    admin_policy: str = ""
    """The path of a file, a name, an ARN or JSON; empty for AdministratorAccess."""
    endpoint: str = ""
    """A URL; empty where none was named."""
    endpoint_access_key: str = "test"
    endpoint_secret_key: str = "test"
    enforcement: str = "enforce"
    """`enforce` or `off`."""
    undecided: str = "tell"
    """`tell` or `error`."""
    region: str = "us-east-1"
    """Empty where an AWS account is to be used and nobody named one: then the profile's counts."""
    scope: str = "auto"
    """`auto`, or a scope for the lab's fixtures."""
    key_alias: str = "MY-kms-key"
    """Names are those of the documented lab; a run makes them unique by a suffix."""
    key_description: str = (
        "KMS key that will encrypt a DynamoDB database. Created for MY Encryption with AWS KMS project."
    )
    table_name: str = "my_table_kms"
    user_name: str = "mounika"
    admin_name: str = "kmslab-admin"
    table_key_cache: float = 0
    """In seconds."""
    ledger: str = ""
    """A folder; empty for the user's own."""
    keep: bool = False
    keep_for: float = 14_400
    """In seconds."""
    sweep: bool = False
    coverage: bool = False
    """Whether to tell which statements of policies decided something."""
    coverage_fail_under: float = 0
    """The percentage of statements that have to; 0 for none."""
    policies: str = ""
    """The folder to write the smallest policies to; empty for none."""
    check_policy: str = ""
    """The file or folder of the policy that a run is held to; empty for none."""
    report: str = ""
    """Paths of reports, with commas between them; empty for none."""
    report_accounts: str = "masked"
    """`masked` or `full`."""
    trail: str = ""
    """The path of a file of decisions; empty for none."""

    @property
    def collects(self) -> bool:
        """Whether something is made of the decisions of all tests."""
        return bool(
            self.coverage or self.coverage_fail_under or self.policies or self.check_policy or self.report
        )


DEFAULTS = Settings()


class Option(NamedTuple):
    """One option: a field of Settings, the values that are good for it, and what to say of it.

    Every option has an ini name and an environment variable; `on_command_line` gives it a flag too.
    `read` makes of the text what Settings holds. `instead` is an environment variable of somebody else's
    that counts where nobody gives the option; what stands there is taken as it is. `called` is another
    flag than the one made of the field's name, `shown` is how the default is written where that is not
    simply its text. `repeats` says that the flag may be given several times, which is the same as once with
    commas between the values. `counts_on` are the backends on which it has an effect, where it has not on
    all: the flag is refused on others, where an ini file that is for several is not.
    """

    field: str
    rule: Rule
    help: str
    on_command_line: bool = False
    read: Callable[[str], str | float | bool] = str
    instead: str = ""
    called: str = ""
    shown: str = ""
    repeats: bool = False
    counts_on: tuple[str, ...] = ()

    @property
    def ini(self) -> str:
        """Its name in the ini file, and where argparse keeps it."""
        return f"kmslab_{self.field}"

    @property
    def environment(self) -> str:
        """Its environment variable."""
        return f"KMSLAB_{self.field.upper()}"

    @property
    def flag(self) -> str:
        """Its flag on the command line, where it has one."""
        return self.called or f"--kmslab-{self.field.replace('_', '-')}"

    @property
    def is_switch(self) -> bool:
        """Whether its flag takes no value."""
        return self.rule is good.SWITCH

    @property
    def name(self) -> str:
        """What to call it to a person."""
        return self.flag if self.on_command_line else self.ini

    @property
    def default(self) -> str:
        """The value where nobody gives one."""
        value = getattr(DEFAULTS, self.field)
        if self.shown:
            return self.shown
        return str(value).lower() if isinstance(value, bool) else str(value)


AWS = ("aws",)
LASTING = ("localstack", "aws")
"""Where what was made outlives the run, and something can be there before it."""


def switch(field: str, help: str, called: str = "", counts_on: tuple[str, ...] = ()) -> Option:
    """An option that is off until named."""
    # SWITCH lets nothing but `true` and `false` come here.
    read: Callable[[str], bool] = "true".__eq__
    return Option(
        field, good.SWITCH, help, on_command_line=True, read=read, called=called, counts_on=counts_on
    )


OPTIONS = (
    Option(
        "backend", one_of("moto", "localstack", "aws"), "where AWS calls are answered", on_command_line=True
    ),
    switch(
        "real_aws",
        "the same as backend `aws`: use the AWS account that `--kmslab-account` names",
        called="--real-aws",
    ),
    Option(
        "account",
        good.ACCOUNT,
        "the lab's account on moto or at an endpoint, or the one that backend `aws` must have credentials of",
        on_command_line=True,
    ),
    Option(
        "profile",
        good.PROFILE,
        "profile whose credentials backend `aws` uses; without it those that boto3 finds",
        on_command_line=True,
        counts_on=AWS,
    ),
    Option(
        "observe",
        one_of("warn", "strict", "off"),
        "what happens where AWS decides otherwise than was predicted, for `aws`: a warning or a failed run",
        on_command_line=True,
        counts_on=AWS,
    ),
    Option(
        "key_arn",
        good.KEY_ARN,
        "a key of yours to be `kms_key`, in place of a new one",
        on_command_line=True,
        counts_on=LASTING,
    ),
    Option(
        "table",
        good.GIVEN_TABLE,
        "a table of yours to be `encrypted_table`, in place of a new one",
        on_command_line=True,
        counts_on=LASTING,
    ),
    switch(
        "manage_key_policy",
        "lets the lab change the policy of that key, and put it back at the end",
        counts_on=LASTING,
    ),
    Option(
        "block_aws",
        one_of("lab", "always"),
        "when a call to AWS is stopped, with any backend but `aws`: while a lab is open, or always",
    ),
    Option("prices", good.FILE, "JSON file with other prices than the package's own"),
    Option(
        "admin_policy",
        good.POLICY,
        "policy of the administrator that the lab makes, in place of AdministratorAccess",
        on_command_line=True,
    ),
    Option(
        "endpoint",
        good.ENDPOINT,
        "where backend `localstack` is; without it AWS_ENDPOINT_URL counts, then localstack-client",
        on_command_line=True,
        instead="AWS_ENDPOINT_URL",
    ),
    Option("endpoint_access_key", good.ACCESS_KEY, "access key of the root user at the endpoint"),
    Option("endpoint_secret_key", good.ACCESS_KEY, "its secret"),
    Option(
        "enforcement",
        one_of("enforce", "off"),
        "`off` denies nobody anything, to see that tests can fail",
        on_command_line=True,
    ),
    Option(
        "undecided",
        one_of("tell", "error"),
        "calls to services that are not decided: counted at the end, or refused while a lab is open",
        on_command_line=True,
    ),
    Option(
        "region",
        good.REGION,
        "Region of the lab; AWS_REGION, AWS_DEFAULT_REGION and the profile count for backend `aws` only",
        on_command_line=True,
    ),
    Option(
        "scope",
        one_of("auto", "function", "class", "module", "package", "worker", "session"),
        "scope of the lab's fixtures; `auto` takes the narrowest that the backend makes cheap",
        on_command_line=True,
    ),
    Option("key_alias", good.ALIAS, "alias of the lab's key, without `alias/`"),
    Option("key_description", good.DESCRIPTION, "description of the lab's key"),
    Option("table_name", good.TABLE_NAME, "name of the lab's table"),
    Option("user_name", good.IAM_NAME, "name of the IAM user who is denied first and made a key user later"),
    Option("admin_name", good.IAM_NAME, "name of the lab's IAM administrator"),
    Option(
        "table_key_cache",
        good.SECONDS,
        "how long DynamoDB uses a table's key before it calls KMS again, on AWS about `300`",
        read=float,
    ),
    Option(
        "ledger",
        good.NEW_FOLDER,
        "folder in which a run writes down what it makes where that outlives the run",
    ),
    switch(
        "keep",
        "leaves the resources of a failed test in place for a while, and says which and how long",
        counts_on=LASTING,
    ),
    Option(
        "keep_for",
        good.DURATION,
        "how long `kmslab sweep` leaves them alone",
        read=good.seconds,
        shown="4h",
    ),
    switch(
        "sweep",
        "removes before the run what killed runs of this machine left in the same account",
        counts_on=LASTING,
    ),
    switch("coverage", "says which statements of the policies under test decided something, and which none"),
    Option(
        "coverage_fail_under",
        good.PERCENT,
        "fails a run in which fewer of a hundred statements decided something; `0` fails none",
        on_command_line=True,
        read=float,
    ),
    Option(
        "policies",
        good.NEW_FOLDER,
        "folder to which the smallest policies of everybody who acted in the tests are written",
        on_command_line=True,
    ),
    Option(
        "check_policy",
        good.FILE_OR_FOLDER,
        "policy that everything is decided again under; a run that needs more fails",
        on_command_line=True,
    ),
    Option(
        "report",
        good.REPORTS,
        "writes who asked for what, why it was decided so and what changed it, as a page or as JSON",
        on_command_line=True,
        repeats=True,
    ),
    Option(
        "report_accounts",
        one_of("masked", "full"),
        "whether the report shows the numbers of AWS accounts",
        on_command_line=True,
    ),
    Option(
        "trail",
        good.TRAIL_FILE,
        "writes every decision as a line of JSON, in the shape of CloudTrail's records",
        on_command_line=True,
    ),
)
