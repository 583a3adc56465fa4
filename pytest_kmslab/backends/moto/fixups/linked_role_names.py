"""The names of service-linked roles, which moto makes of the names of their services.

Recorded from AWS by LocalStack (test_service_role_lifecycle), but of the services around keys and tables:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-service-linked-roles.html
"""

from __future__ import annotations

from collections.abc import Mapping

from moto.iam.models import SERVICE_NAME_CONVERSION

from pytest_kmslab.calls.kms.creation import CLUSTER_WATCH, SYNCHRONIZER

PREFIX = "AWSServiceRoleFor"
_NAMES: Mapping[str, str] = {
    "contributorinsights.dynamodb.amazonaws.com": "DynamoDBCloudWatchContributorInsights",
    "kinesisreplication.dynamodb.amazonaws.com": "DynamoDBKinesisDataStreamsReplication",
    "replication.dynamodb.amazonaws.com": "DynamoDBReplication",
    "accountdiscovery.ssm.amazonaws.com": "AmazonSSM_AccountDiscovery",
    "acm.amazonaws.com": "CertificateManager",
    "appmesh.amazonaws.com": "AppMesh",
    "autoscaling-plans.amazonaws.com": "AutoScalingPlans_EC2AutoScaling",
    "backup.amazonaws.com": "Backup",
    "batch.amazonaws.com": "Batch",
    "cassandra.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_CassandraTable",
    "cloudtrail.amazonaws.com": "CloudTrail",
    "codestar-notifications.amazonaws.com": "CodeStarNotifications",
    "config.amazonaws.com": "Config",
    "connect.amazonaws.com": "AmazonConnect",
    "dms-fleet-advisor.amazonaws.com": "DMSFleetAdvisor",
    "dms.amazonaws.com": "DMSServerless",
    "docdb-elastic.amazonaws.com": "DocDB-Elastic",
    "ec2-instance-connect.amazonaws.com": "Ec2InstanceConnect",
    "ec2.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_EC2SpotFleetRequest",
    "ecr.amazonaws.com": "ECRTemplate",
    "ecs.amazonaws.com": "ECS",
    "eks-connector.amazonaws.com": "AmazonEKSConnector",
    "eks-fargate.amazonaws.com": "AmazonEKSForFargate",
    "eks-nodegroup.amazonaws.com": "AmazonEKSNodegroup",
    "eks.amazonaws.com": "AmazonEKS",
    "elasticache.amazonaws.com": "ElastiCache",
    "elasticfilesystem.amazonaws.com": "AmazonElasticFileSystem",
    "elasticloadbalancing.amazonaws.com": "ElasticLoadBalancing",
    "email.cognito-idp.amazonaws.com": "AmazonCognitoIdpEmailService",
    "emr-containers.amazonaws.com": "AmazonEMRContainers",
    "emrwal.amazonaws.com": "EMRWAL",
    "fis.amazonaws.com": "FIS",
    "grafana.amazonaws.com": "AmazonGrafana",
    "imagebuilder.amazonaws.com": "ImageBuilder",
    "iotmanagedintegrations.amazonaws.com": "IoTManagedIntegrations",
    "kafka.amazonaws.com": "Kafka",
    "kafkaconnect.amazonaws.com": "KafkaConnect",
    "lakeformation.amazonaws.com": "LakeFormationDataAccess",
    "lex.amazonaws.com": "LexBots",
    "lexv2.amazonaws.com": "LexV2Bots",
    "lightsail.amazonaws.com": "Lightsail",
    "m2.amazonaws.com": "AWSM2",
    "memorydb.amazonaws.com": "MemoryDB",
    "mq.amazonaws.com": "AmazonMQ",
    "notifications.amazonaws.com": "AwsUserNotifications",
    "observability.aoss.amazonaws.com": "AmazonOpenSearchServerless",
    "opensearchservice.amazonaws.com": "AmazonOpenSearchService",
    "ops.apigateway.amazonaws.com": "APIGateway",
    "ops.emr-serverless.amazonaws.com": "AmazonEMRServerless",
    "opsdatasync.ssm.amazonaws.com": "SystemsManagerOpsDataSync",
    "opsinsights.ssm.amazonaws.com": "AmazonSSM_OpsInsights",
    "pullthroughcache.ecr.amazonaws.com": "ECRPullThroughCache",
    "ram.amazonaws.com": "ResourceAccessManager",
    "rds.amazonaws.com": "RDS",
    "redshift.amazonaws.com": "Redshift",
    "replication.cassandra.amazonaws.com": "KeyspacesReplication",
    "replication.ecr.amazonaws.com": "ECRReplication",
    "repository.sync.codeconnections.amazonaws.com": "GitSync",
    "resource-explorer-2.amazonaws.com": "ResourceExplorer",
    "rolesanywhere.amazonaws.com": "RolesAnywhere",
    "s3-outposts.amazonaws.com": "S3OnOutposts",
    "ses.amazonaws.com": "AmazonSES",
    "shield.amazonaws.com": "AWSShield",
    "ssm-incidents.amazonaws.com": "IncidentManager",
    "ssm-quicksetup.amazonaws.com": "SSMQuickSetup",
    "ssm.amazonaws.com": "AmazonSSM",
    "sso.amazonaws.com": "SSO",
    "vpcorigin.cloudfront.amazonaws.com": "CloudFrontVPCOrigin",
    "waf.amazonaws.com": "WAFLogging",
    "wafv2.amazonaws.com": "WAFV2Logging",
}
"""What follows the prefix, by the service."""


def linked_role_name(service: str, suffix: str) -> str:
    """The name of a service-linked role: AWS's where that is known, otherwise moto's."""
    known = (
        dict((SYNCHRONIZER, CLUSTER_WATCH)).get(service)
        or f"{PREFIX}{_NAMES.get(service) or _guessed(service)}"
    )
    return "_".join(filter(None, (known, suffix)))


def _guessed(service: str) -> str:
    first = service.partition(".")[0]
    last = service.split(".")[-3]
    # moto's own words for some services, each word of the others capitalized.
    parts = [SERVICE_NAME_CONVERSION.get(last, last)]
    parts += ["".join(word.capitalize() for word in first.split("-"))] if last != first else []
    return "_".join(parts)
