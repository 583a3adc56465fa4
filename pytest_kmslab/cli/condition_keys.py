"""The condition keys of AWS's own, by which one that is misspelt on a command line is told.

A misspelt key would be in no policy: the decision would be that of a request without it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

import re
from difflib import get_close_matches

_NAMES = {
    "aws": """AssumedRoot CalledVia CalledViaFirst CalledViaLast ChatbotSourceArn CurrentTime
        Ec2InstanceSourcePrivateIPv4 Ec2InstanceSourceVpc EpochTime FederatedProvider MultiFactorAuthAge
        MultiFactorAuthPresent PrincipalAccount PrincipalArn PrincipalIsAWSService PrincipalOrgID
        PrincipalOrgPaths PrincipalServiceName PrincipalServiceNamesList PrincipalTag/ PrincipalType
        RequestTag/ RequestedRegion ResourceAccount ResourceOrgID ResourceOrgPaths ResourceTag/
        SecureTransport SourceAccount SourceArn SourceIdentity SourceIp SourceOrgID SourceOrgPaths SourceVpc
        SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent ViaAWSService VpcSourceIp VpceAccount
        VpceOrgID VpceOrgPaths referer userid username""",
    "dynamodb": """Attributes EnclosingOperation FirstPartitionKeyValues FourthPartitionKeyValues
        FullTableScan LeadingKeys ReturnConsumedCapacity ReturnValues SecondPartitionKeyValues Select
        ThirdPartitionKeyValues""",
    "iam": """AWSServiceName AssociatedResourceArn OrganizationsPolicyId PassedToService PermissionsBoundary
        PolicyARN ResourceTag/""",
    "kms": """BypassPolicyLockoutSafetyCheck CallerAccount CustomerMasterKeySpec CustomerMasterKeyUsage
        DataKeyPairSpec EncryptionAlgorithm EncryptionContext: EncryptionContextKeys ExpirationModel
        GrantConstraintSourceArn GrantConstraintType GrantIsForAWSResource GrantOperations GranteePrincipal
        GranteeServicePrincipal KeyAgreementAlgorithm KeyOrigin KeySpec KeyUsage MacAlgorithm MessageType
        MultiRegion MultiRegionKeyType PrimaryRegion ReEncryptOnSameKey RecipientAttestation: ReplicaRegion
        RequestAlias ResourceAliases RetiringPrincipal RetiringServicePrincipal RotationPeriodInDays
        ScheduleKeyDeletionPendingWindowInDays SigningAlgorithm ValidTo ViaService WrappingAlgorithm
        WrappingKeySpec""",
    "sts": """AWSServiceName DurationSeconds ExternalId RequestContext/ RequestContextProviders
        RoleSessionName SourceIdentity TaskPolicyArn TransitiveTagKeys""",
}
"""By service; what goes on with a name of somebody's own ends in the mark before it."""
KNOWN = {
    f"{service}:{name}".lower(): f"{service}:{name}"
    for service, names in _NAMES.items()
    for name in names.split()
}
_SIMILAR = 0.8
_HEAD = re.compile(r"[^:/]+:[^:/]*[:/]?")
"""The part of a key before a name of somebody's own."""


def meant_key(key: str) -> str:
    """The key that was probably meant by one that is none of AWS's; empty for one that may well be."""
    found = _HEAD.match(key)
    head = found[0] if found else key
    if head.lower() in KNOWN or not head:
        return ""
    # Without its service a key is none: what it has in common is its own name.
    names = KNOWN if found else {name.partition(":")[2]: full for name, full in KNOWN.items()}
    near = get_close_matches(head.lower(), names, 1, _SIMILAR)
    return f"{names[near[0]]}{key[len(head) :]}" if near else ""
