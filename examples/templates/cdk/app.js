// Writes ../cdk.out: npm install aws-cdk-lib constructs && node app.js
const cdk = require('aws-cdk-lib');
const kms = require('aws-cdk-lib/aws-kms');
const iam = require('aws-cdk-lib/aws-iam');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const lambda = require('aws-cdk-lib/aws-lambda');

const app = new cdk.App({ outdir: '../cdk.out' });
const stack = new cdk.Stack(app, 'OrdersStack', { description: 'Orders: a table under a key of its own, and who works with it' });
const key = new kms.Key(stack, 'Key', { alias: 'orders', enableKeyRotation: true });
const table = new dynamodb.Table(stack, 'Orders', {
  partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
  encryptionKey: key,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
});
const handler = new lambda.Function(stack, 'Handler', {
  runtime: lambda.Runtime.PYTHON_3_12, handler: 'orders.handler', code: lambda.Code.fromAsset('handler'),
  environment: { TABLE: table.tableName },
});
table.grantReadWriteData(handler);
const auditor = new iam.Role(stack, 'Auditor', { assumedBy: new iam.AccountRootPrincipal() });
auditor.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonDynamoDBReadOnlyAccess'));
new cdk.CfnOutput(stack, 'TableName', { value: table.tableName });
app.synth();
