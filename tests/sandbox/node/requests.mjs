// What pilotlightctl sends to Google Cloud and Azure, field by field against the official SDKs: a proxy records the requests of a whole flow
// (profile test, sync, plan, apply, revert) on the sandbox; the types of googleapis and the specifications in Azure's ARM packages say which
// methods, parameters and fields exist. Every call that the connectors can make must have been seen.
// node requests.mjs PATH-OF-SANDBOX PATH-OF-PILOTLIGHTCTL
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, request as forward} from 'node:http';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

import {azurePackages, checkAzure} from './azure_types.mjs';
import {checkGoogle} from './google_types.mjs';

const here = dirname(fileURLToPath(import.meta.url));
if (Number(process.versions.node.split('.')[0]) < 18) { console.log('skipped: node 18 or newer is needed'); process.exit(77); }
if (!['googleapis', ...azurePackages].every((name) => existsSync(join(here, 'node_modules', name)))) { console.log('skipped: npm ci has not been run in tests/sandbox/node'); process.exit(77); }
const [sandboxPath, ctlPath] = process.argv.slice(2);

// --- the recorder ---
const workspace = mkdtempSync(join(tmpdir(), 'pilotlight-requests-'));
// Two ways that are gone only when something else fails: a query that takes longer than it is waited for, components that cannot be listed.
const faults = join(workspace, 'faults.json');
writeFileSync(faults, JSON.stringify({rules: [{operation: 'bigquery\\.Query', fault: 'slow', factor: 2, after: 1, count: 1}, {operation: 'insights\\.ListComponents', fault: 'denied', count: 1}]}));
const sandbox = spawn(sandboxPath, ['--days', '2', '--speed', '60', '--seed', '3', '--faults', faults], {stdio: ['ignore', 'pipe', 'inherit']});
const ready = JSON.parse(await new Promise((resolve, reject) => {
  createInterface({input: sandbox.stdout}).once('line', resolve);
  sandbox.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
}));
const target = new URL(ready.endpoints.gcp);
const recorded = [];
const proxy = createServer((incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    const body = Buffer.concat(chunks), url = new URL(incoming.url, target);
    recorded.push({method: incoming.method, path: url.pathname, query: url.searchParams, body: body.toString()});
    const onward = forward({host: target.hostname, port: target.port, method: incoming.method, path: incoming.url, headers: {...incoming.headers, host: target.host}}, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    onward.end(body);
  });
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${proxy.address().port}`;
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|AZURE|GOOGLE|GCLOUD)_/.test(name) && !/proxy$/i.test(name)));
const ctl = (...words) => new Promise((resolve) => {
  const child = spawn(ctlPath, ['--workspace', workspace, ...words], {env: {...clean, ...ready.environment}, stdio: ['ignore', 'pipe', 'pipe']});
  let out = '', err = '';
  child.stdout.on('data', (d) => out += d);
  child.stderr.on('data', (d) => err += d);
  child.once('exit', (code) => resolve({code, out, err}));
});
async function done(...words) {
  const result = await ctl(...words);
  assert.equal(result.code, 0, `${words.join(' ')}: ${result.err}`);
  return result.out;
}

const runMetrics = ['request_count', 'request_latencies', 'request_latency/pending', 'container/startup_latencies', 'container/instance_count', 'container/billable_instance_time',
                    'container/cpu/utilizations', 'container/memory/utilizations', 'container/gpu/utilizations', 'container/gpu/memory_usages'];
const functionMetrics = ['execution_count', 'execution_times', 'instance_count', 'user_memory_bytes'];
let failed = 0;
try {
  for (const [platform, check, regions, changes, wanted] of [
    ['gcp', checkGoogle, 'all',
     [['rerank-service', '--warm-pool', '3'], ['rerank-service', '--memory', '4096', '--override', 'memory-floor'], ['caption-model', '--concurrency', '6'],
      ['vision-tagger', '--memory', '2048', '--override', 'memory-floor'], ['invoice-parser', '--memory', '2048', '--override', 'memory-floor']],
     ['run/v1 Projects$Locations.list', 'run/v2 Projects$Locations$Services.list', 'run/v2 Projects$Locations$Services.get', 'run/v2 Projects$Locations$Services.patch',
      'run/v2 Projects$Locations$Operations.get', 'cloudfunctions/v2 Projects$Locations$Functions.list', 'cloudfunctions/v2 Projects$Locations$Functions.get',
      'cloudfunctions/v2 Projects$Locations$Functions.patch', 'cloudfunctions/v2 Projects$Locations$Operations.get', 'cloudfunctions/v1 Projects$Locations$Functions.patch',
      'cloudfunctions/v1 Operations.get', 'monitoring/v3 Projects$Timeseries.list', 'bigquery/v2 Datasets.list', 'bigquery/v2 Tables.list', 'bigquery/v2 Jobs.query',
      'bigquery/v2 Jobs.getQueryResults', 'cloudbilling/v1 Services$Skus.list', ...runMetrics.map((m) => `run.googleapis.com/${m}`),
      ...functionMetrics.map((m) => `cloudfunctions.googleapis.com/function/${m}`)]],
    // A region without apps: whether it exists is asked then.
    ['azure', checkAzure, 'eastus,westeurope',
     [['speech-notes', '--memory', '4096'], ['speech-notes', '--warm-pool', '2'], ['contract-review', '--warm-pool', '3'], ['webhook-classifier', '--instance-limit', '9']],
     ['subscriptions.list', 'subscriptions.listLocations', 'webApps.list', 'webApps.get', 'webApps.getConfiguration', 'webApps.listFunctions', 'webApps.createOrUpdate',
      'webApps.updateConfiguration', 'appServicePlans.list', 'appServicePlans.get', 'metrics.list', 'query.usage', 'components.list', 'components.get', 'Query.Execute', 'Prices.List',
      'Operation.Get']]]) {
    recorded.length = 0;
    await done('profile', 'add', platform, '--platform', platform, '--region', regions, '--endpoint-url', endpoint, '--write');
    await done('profile', 'test', platform, '--json');
    const synced = await ctl('sync', '--profile', platform, '--from', 'now-1d', '--json');
    assert.equal(synced.code, 0, synced.err + synced.out);
    for (const change of changes) {
      const plan = JSON.parse(await done('plan', ...change, '--json'));
      const applied = JSON.parse(await done('apply', plan.plan_id, '--yes', '--json'));
      await done('revert', applied.change_id, '--yes', '--json');
    }
    const seen = new Map();
    for (const sent of recorded) {
      if (sent.path === '/token' || sent.path.includes('/oauth2/')) continue;
      try {
        const name = check(sent);
        seen.set(name, (seen.get(name) ?? 0) + 1);
        const metric = (sent.query.get('filter') ?? '').match(/^metric\.type="([^"]+)"/);
        if (metric) seen.set(metric[1], (seen.get(metric[1]) ?? 0) + 1);
      } catch (error) {
        ++failed;
        console.error(`${platform}: ${sent.method} ${sent.path}: ${error.message}`);
      }
    }
    console.log(platform, recorded.length, 'requests:', [...seen].map(([name, n]) => `${name} x ${n}`).join(', '));
    for (const name of wanted) if (!seen.has(name)) { ++failed; console.error(`${platform}: no request to ${name} was seen`); }
    // The check itself must be able to fail.
    const broken = recorded.find((sent) => (sent.method === 'PUT' || sent.method === 'PATCH') && sent.body), read = recorded.find((sent) => sent.method === 'GET' && [...sent.query].length > 0);
    assert.throws(() => check({...broken, body: JSON.stringify({...JSON.parse(broken.body), nonsense: 1})}));
    assert.throws(() => check({...read, query: new URLSearchParams({...Object.fromEntries(read.query), nonsense: '1'})}));
    if (platform === 'azure') assert.throws(() => check({...read, path: read.path + '/nonsense/at/all'}));  // Google's {+name} fits any path
  }
} finally {
  proxy.close();
  proxy.closeAllConnections?.();
  sandbox.kill('SIGTERM');
  rmSync(workspace, {recursive: true, force: true});
}
process.exit(failed ? 1 : 0);
