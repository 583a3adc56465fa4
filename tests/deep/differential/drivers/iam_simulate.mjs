// Answers authorization cases with @cloud-copilot/iam-simulate: one JSON object a line in, one out.
//
//     node iam_simulate.mjs <folder that has node_modules>
//
// {"case": …} is answered {"decision": …}; with "loops": n also {"microseconds": …}, the CPU time of one
// decision with the policies loaded, over n of them. What cannot be answered is {"error": …}.
//
// The evaluation itself, `authorize`, is not exported, and the exported `runSimulation` puts
// validation in front that refuses keys it does not know. A file below dist is imported by its path.
import path from 'node:path'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

const packages = path.resolve(process.argv[2], 'node_modules', '@cloud-copilot')
const load = (...file) => import(pathToFileURL(path.join(packages, ...file)).href)
const { authorize } = await load('iam-simulate', 'dist', 'esm', 'core_engine', 'CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load('iam-simulate', 'dist', 'esm', 'request', 'request.js')
const { RequestContextImpl } = await load('iam-simulate', 'dist', 'esm', 'requestContext.js')
const { DiscoveryContextKeyConstraints } = await load(
  'iam-simulate', 'dist', 'esm', 'context_keys', 'discoveryContextKeyConstraints.js')
const { loadPolicy } = await load('iam-policy', 'dist', 'esm', 'index.js')

const decisions = { Allowed: 'allowed', ExplicitlyDenied: 'explicitDeny', ImplicitlyDenied: 'implicitDeny' }
const named = (document, name) => (document === undefined ? undefined : loadPolicy(document, { name }))
const levels = (given = []) => given.map((level, at) => ({
  orgIdentifier: `level-${at}`,
  policies: level.map((document, index) => named(document, `policy-${index}`))
}))
const one = (document, name) => (document === undefined ? undefined : [named(document, name)])
const text = (value) => (Array.isArray(value) ? value.map(String) : String(value))

function question({ request, policies }) {
  const context = Object.fromEntries(Object.entries(request.context ?? {}).map(([k, v]) => [k, text(v)]))
  const owner = request.resource_account || request.resource.split(':')[4] || request.principal.split(':')[4]
  return {
    request: new AwsRequestImpl(
      request.principal,
      { resource: request.resource, accountId: owner },
      request.action,
      new RequestContextImpl(context),
      request.resource === '*'
    ),
    sessionPolicy: named(policies.session?.[0], 'session'),
    identityPolicies: (policies.identity ?? []).map(({ name, document }) => named(document, name)),
    serviceControlPolicies: levels(policies.service_control),
    resourceControlPolicies: levels(policies.resource_control),
    resourcePolicy: named(policies.resource, 'resource'),
    permissionBoundaries: one(policies.permissions_boundary, 'boundary'),
    vpcEndpointPolicies: one(policies.vpc_endpoint, 'endpoint'),
    simulationParameters: {
      simulationMode: 'Strict',
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([])
    }
  }
}

function timed(asked, loops) {
  const start = process.cpuUsage()
  for (let n = 0; n < loops; n++) authorize(asked)
  const used = process.cpuUsage(start)
  return (used.user + used.system) / loops
}

function answer(line) {
  try {
    const given = JSON.parse(line)
    const asked = question(given.case)
    const decision = decisions[authorize(asked).result]
    return given.loops ? { decision, microseconds: timed(asked, given.loops) } : { decision }
  } catch (error) {
    return { error: String(error) }
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(line)) + '\n')
}
