// The document's steps with the AWS SDK for JavaScript v3: denied, then allowed, each error read as the
// SDK's own class. Endpoint, Region and the root user's credentials come from the environment.
import assert from "node:assert/strict";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  ResourceNotFoundException,
  ScanCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  GetUserCommand,
  IAMClient,
  IAMServiceException,
  ListUsersCommand,
  NoSuchEntityException,
} from "@aws-sdk/client-iam";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  KMSClient,
  KMSInvalidStateException,
  KMSServiceException,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand, STSClient, STSServiceException } from "@aws-sdk/client-sts";

const FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess";
const TableName = "js_table_kms";
const Item = { id: { S: "1" }, blob: { B: new Uint8Array([0, 255]) } };
const Key = { id: { S: "1" } };

function clients(credentials) {
  const given = { maxAttempts: 1, ...(credentials ? { credentials } : {}) };
  return [KMSClient, DynamoDBClient, IAMClient, STSClient].map((Client) => new Client(given));
}

async function refused(call, base, name, message) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof base, `${error} is not of the class ${base.name}`);
    assert.equal(error.name, name);
    assert.match(error.message, message);
    assert.ok(error.$metadata.requestId, "an error has a request id");
    return true;
  });
}

const [kms, dynamodb, iam] = clients();

// 1: the key
const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "made by the JavaScript SDK" }));
await kms.send(new CreateAliasCommand({ AliasName: "alias/js-kms-key", TargetKeyId: KeyMetadata.KeyId }));

// 2: the table, encrypted under it after it was made
await dynamodb.send(
  new CreateTableCommand({
    TableName,
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
const SSESpecification = { Enabled: true, SSEType: "KMS", KMSMasterKeyId: "alias/js-kms-key" };
await dynamodb.send(new UpdateTableCommand({ TableName, SSESpecification }));
const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
assert.equal(Table.SSEDescription.KMSMasterKeyArn, KeyMetadata.Arn);
assert.ok(Table.CreationDateTime instanceof Date);

// 3: data
await dynamodb.send(new PutItemCommand({ TableName, Item }));
assert.deepEqual((await dynamodb.send(new GetItemCommand({ TableName, Key }))).Item, Item);

// 4: a user without the key
const UserName = "js-user";
const { User } = await iam.send(new CreateUserCommand({ UserName }));
await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: FULL_ACCESS }));
const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
const own = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
const [usersKms, usersDynamodb, usersIam, usersSts] = clients(own);
const whoever = await usersSts.send(new GetCallerIdentityCommand({}));
assert.equal(whoever.Arn, User.Arn);
const { CiphertextBlob } = await kms.send(
  new EncryptCommand({ KeyId: KeyMetadata.Arn, Plaintext: new Uint8Array([0, 1, 255]) }),
);
const denied = /^KMS key access denied error: .*kms:Decrypt/;
for (const command of [new GetItemCommand({ TableName, Key }), new ScanCommand({ TableName })]) {
  await refused(() => usersDynamodb.send(command), DynamoDBServiceException, "AccessDeniedException", denied);
}
await refused(
  () => usersKms.send(new DecryptCommand({ CiphertextBlob })),
  KMSServiceException,
  "AccessDeniedException",
  /is not authorized to perform: kms:Decrypt/,
);
await refused(
  () => usersIam.send(new ListUsersCommand({})),
  IAMServiceException,
  "AccessDenied",
  /is not authorized to perform: iam:ListUsers/,
);

// Credentials that nobody has are another error than a denial.
const [strangersKms, , , strangersSts] = clients({ accessKeyId: "AKIANOBODY", secretAccessKey: "x" });
await refused(
  () => strangersKms.send(new DecryptCommand({ CiphertextBlob })),
  KMSServiceException,
  "UnrecognizedClientException",
  /security token/,
);
await refused(
  () => strangersSts.send(new GetCallerIdentityCommand({})),
  STSServiceException,
  "InvalidClientTokenId",
  /security token/,
);
const [cheatersKms] = clients({ ...own, secretAccessKey: "guess" });
await refused(
  () => cheatersKms.send(new DecryptCommand({ CiphertextBlob })),
  KMSServiceException,
  "InvalidSignatureException",
  /does not match the signature/,
);
await refused(
  () => dynamodb.send(new DescribeTableCommand({ TableName: "nowhere" })),
  ResourceNotFoundException,
  "ResourceNotFoundException",
  /not found/,
);

// 5: the user is made a key user, and reads with the same credentials
const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: KeyMetadata.KeyId, PolicyName: "default" }));
const document = JSON.parse(Policy);
document.Statement.push({
  Sid: "Allow use of the key",
  Effect: "Allow",
  Principal: { AWS: User.Arn },
  Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
  Resource: "*",
});
await kms.send(
  new PutKeyPolicyCommand({
    KeyId: KeyMetadata.KeyId,
    PolicyName: "default",
    Policy: JSON.stringify(document),
  }),
);
assert.deepEqual((await usersDynamodb.send(new GetItemCommand({ TableName, Key }))).Item, Item);
assert.equal((await usersDynamodb.send(new ScanCommand({ TableName }))).Count, 1);
const opened = await usersKms.send(new DecryptCommand({ CiphertextBlob }));
assert.deepEqual([...opened.Plaintext], [0, 1, 255]);

// 6: clean up
await dynamodb.send(new DeleteTableCommand({ TableName }));
await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: AccessKey.AccessKeyId }));
await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn: FULL_ACCESS }));
await iam.send(new DeleteUserCommand({ UserName }));
await refused(() => iam.send(new GetUserCommand({ UserName })), NoSuchEntityException, "NoSuchEntityException", /./);
const deletion = await kms.send(
  new ScheduleKeyDeletionCommand({ KeyId: KeyMetadata.KeyId, PendingWindowInDays: 7 }),
);
assert.equal(deletion.KeyState, "PendingDeletion");
await refused(
  () => kms.send(new DecryptCommand({ CiphertextBlob })),
  KMSInvalidStateException,
  "KMSInvalidStateException",
  /is pending deletion/,
);
console.log("walked");
