// What pilotlightctl sends to Google Cloud and Azure, field by field against the official SDKs: a proxy records the requests of a whole flow
// (profile test, sync, plan, apply, revert) on the sandbox; the types of googleapis and the mappers of @azure/arm-appservice say which
// parameters and fields exist.
// node requests.mjs PATH-OF-SANDBOX PATH-OF-PILOTLIGHTCTL
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer, request as forward} from 'node:http';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
if (Number(process.versions.node.split('.')[0]) < 18) { console.log('skipped: node 18 or newer is needed'); process.exit(77); }
if (!['googleapis', '@azure/arm-appservice'].every((name) => existsSync(join(here, 'node_modules', name)))) { console.log('skipped: npm ci has not been run in tests/sandbox/node'); process.exit(77); }
const [sandboxPath, ctlPath] = process.argv.slice(2);

// --- what Google's library knows ---
const apis = join(here, 'node_modules/googleapis/build/src/apis');
class GoogleApi {
  constructor(name, version) {
    const js = readFileSync(join(apis, name, `${version}.js`), 'utf8'), types = readFileSync(join(apis, name, `${version}.d.ts`), 'utf8');
    this.interfaces = new Map();
    for (const [, title, , body] of types.matchAll(/^    export interface (\S+)( extends \S+)? \{\n([\s\S]*?)^    \}/gm)) {
      const fields = new Map();
      for (const [, quoted, word, type] of body.matchAll(/^        (?:'([^']+)'|(\w+))\?: ((?:\{[\s\S]*?^        \}[^;]*|[^;]*));$/gm)) fields.set(quoted ?? word, type.replace(/\s+/g, ' '));
      this.interfaces.set(title, fields);
    }
    this.methods = [];
    let owner = '';
    for (const line of js.replace(/url: \(rootUrl \+\s+'/g, "url: (rootUrl + '").split('\n')) {
      const begins = line.match(/^    class Resource\$(\S+) \{/);
      if (begins) owner = begins[1];
      const named = line.match(/^        (\w+)\(paramsOrCallback/);
      if (named) this.methods.push({owner, name: named[1]});
      const url = line.match(/url: \(rootUrl \+ '([^']+)'\)/), verb = line.match(/method: '(\w+)'/);
      const last = this.methods.at(-1);
      if (url && last && !last.url) last.url = url[1];
      if (verb && last && !last.verb) last.verb = verb[1];
    }
    this.methods = this.methods.filter((m) => m.url && m.verb);
  }
  find(verb, path) {
    const words = path.split('/').map((w) => w.toLowerCase());
    let fits = this.methods.filter((m) => {
      const shape = new RegExp('^' + m.url.replace(/\{\+\w+\}/g, '.+').replace(/\{\w+\}/g, '[^/]+') + '$');
      return m.verb === verb && shape.test(path);
    });
    // {+name} fits any path: the collections in the path tell which resource it is.
    const owned = fits.filter((m) => m.owner.split('$').every((part) => words.includes(part.toLowerCase())));
    if (owned.length > 0) fits = owned;
    fits.sort((a, b) => b.owner.split('$').length - a.owner.split('$').length || b.url.length - a.url.length);
    return fits[0];
  }
  // Unknown fields of a value of that type.
  strange(value, type, at) {
    type = type.replace(/ \| null$/, '').trim();
    if (Array.isArray(value)) return value.flatMap((each, i) => this.strange(each, type.replace(/\[\]$/, ''), `${at}[${i}]`));
    if (type.startsWith('Schema$')) {
      const fields = this.interfaces.get(type);
      assert.ok(fields, `no type ${type}`);
      if (typeof value !== 'object' || value === null) return [`${at}: ${type} expected`];
      return Object.entries(value).flatMap(([key, each]) => fields.has(key) ? this.strange(each, fields.get(key), `${at}.${key}`) : [`${at}.${key}`]);
    }
    const map = type.match(/^\{ \[key: string\]: (.*); \}$/);
    if (map) return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, each]) => this.strange(each, map[1], `${at}.${key}`)) : [`${at}: an object expected`];
    if (['string', 'number', 'boolean'].includes(type) && typeof value !== type) return [`${at}: ${type} expected, ${typeof value} sent`];
    return [];
  }
}
const google = new Map();
const apiOf = (name, version) => { const key = `${name}/${version}`; if (!google.has(key)) google.set(key, new GoogleApi(name, version)); return google.get(key); };
function googleApi(path) {
  if (path.startsWith('/bigquery/v2/')) return apiOf('bigquery', 'v2');
  if (path.startsWith('/v3/')) return apiOf('monitoring', 'v3');
  if (path.startsWith('/v1/services/')) return apiOf('cloudbilling', 'v1');
  if (path.startsWith('/v1/projects/')) return path.includes('/functions') ? apiOf('cloudfunctions', 'v1') : apiOf('run', 'v1');
  if (path.startsWith('/v1/operations/')) return apiOf('cloudfunctions', 'v1');
  if (path.startsWith('/v2/')) return apiOf(/\/functions(\/|$)/.test(path) || /\/operations\/operation-/.test(path) ? 'cloudfunctions' : 'run', 'v2');
  return undefined;
}
const standard = new Set(['alt', 'fields', 'key', 'prettyPrint', 'quotaUser']);
function checkGoogle(sent) {
  const api = googleApi(sent.path);
  assert.ok(api, `no API of Google has ${sent.path}`);
  const at = api.find(sent.method, sent.path);
  assert.ok(at, `googleapis has no ${sent.method} ${sent.path}`);
  const title = `Params$Resource$${at.owner}$${at.name[0].toUpperCase()}${at.name.slice(1)}`, known = api.interfaces.get(title);
  assert.ok(known, `no type ${title}`);
  for (const name of sent.query.keys()) assert.ok(known.has(name) || standard.has(name), `${title} has no parameter ${name}`);
  if (sent.body) {
    assert.ok(known.has('requestBody'), `${title} takes no body`);
    assert.deepEqual(api.strange(JSON.parse(sent.body), known.get('requestBody'), at.name), []);
    // Every path of a mask is a field of the body's type.
    for (const path of (sent.query.get('updateMask') ?? '').split(',').filter(Boolean)) {
      let type = known.get('requestBody');
      for (const part of path.split('.')) {
        const fields = api.interfaces.get(type.replace(/ \| null$/, '').replace(/\[\]$/, ''));
        assert.ok(fields?.has(part), `mask ${path}: ${type} has no ${part}`);
        type = fields.get(part);
      }
    }
  }
  return `${at.owner}.${at.name}`;
}

// --- what Microsoft's library knows ---
const mappers = createRequire(import.meta.url)(join(here, 'node_modules/@azure/arm-appservice/dist/commonjs/models/mappers.js'));
// Unknown fields of a body against a mapper. Serialised names may lead deeper: "properties.functionAppConfig".
function strangeToMapper(value, mapper, at) {
  if (mapper.type.name === 'Sequence') return Array.isArray(value) ? value.flatMap((each, i) => strangeToMapper(each, mapper.type.element, `${at}[${i}]`)) : [`${at}: a list expected`];
  if (mapper.type.name === 'Dictionary') return Object.entries(value).flatMap(([key, each]) => strangeToMapper(each, mapper.type.value, `${at}.${key}`));
  if (mapper.type.name === 'Number') return typeof value === 'number' ? [] : [`${at}: a number expected`];
  if (mapper.type.name === 'Boolean') return typeof value === 'boolean' ? [] : [`${at}: a boolean expected`];
  if (mapper.type.name === 'Enum') return mapper.type.allowedValues.includes(value) ? [] : [`${at}: ${value} is none of ${mapper.type.allowedValues}`];
  if (mapper.type.name !== 'Composite' || typeof value !== 'object' || value === null) return [];
  const whole = mapper.type.modelProperties ? mapper : mappers[mapper.type.className];
  const byName = new Map(Object.values(whole.type.modelProperties).map((p) => [p.serializedName.replace(/\\\\./g, '.'), p]));
  const walk = (object, prefix, path) => Object.entries(object).flatMap(([key, each]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    if (byName.has(name)) return strangeToMapper(each, byName.get(name), `${path}.${key}`);
    if ([...byName.keys()].some((known) => known.startsWith(name + '.')) && typeof each === 'object' && each !== null) return walk(each, name, `${path}.${key}`);
    return [`${path}.${key}`];
  });
  return walk(value, '', at);
}
const costFields = {type: 0, timeframe: 0, timePeriod: {from: 0, to: 0}, dataset: {granularity: 0, aggregation: {'*': {name: 0, function: 0}}, grouping: {'*': {type: 0, name: 0}}, filter: {dimensions: {name: 0, operator: 0, values: {'*': 0}}}}};
function strangeToShape(value, shape, at) {
  if (typeof shape !== 'object') return typeof value === 'object' ? [`${at}: a value expected`] : [];
  return Object.entries(value).flatMap(([key, each]) => key in shape || '*' in shape ? strangeToShape(each, shape[key] ?? shape['*'], `${at}.${key}`) : [`${at}.${key}`]);
}
function checkAzure(sent) {
  const path = sent.path.toLowerCase();
  if (path === '/api/retail/prices' || path.includes('/oauth2/')) return undefined;
  if (/^\/v1\/apps\/[^/]+\/query$/.test(path)) {
    // QueryBody of learn.microsoft.com/rest/api/application-insights/query/execute (there is no such SDK for JavaScript): applications are ids.
    const {query, applications = [], ...others} = JSON.parse(sent.body);
    assert.equal(typeof query, 'string');
    assert.ok(applications.every((id) => /^[0-9a-f-]{36}$/.test(id)), `applications are ids: ${applications}`);
    assert.deepEqual(others, {});
    return 'Query.Execute';
  }
  assert.match(sent.query.get('api-version') ?? '', /^\d{4}-\d{2}-\d{2}(-preview)?$/, `${path} without api-version`);
  if (path.endsWith('/microsoft.costmanagement/query')) {  // QueryDefinition of @azure/arm-costmanagement
    assert.deepEqual(strangeToShape(JSON.parse(sent.body), costFields, 'query'), []);
    return 'Query.Usage';
  }
  if (sent.method === 'PUT') {
    assert.match(path, /\/microsoft\.web\/sites\/[^/]+$/);
    const body = JSON.parse(sent.body);
    assert.deepEqual(strangeToMapper(body, mappers.Site, 'site'), []);
    assert.equal(body.properties.siteConfig, undefined, 'app settings would be replaced');
    return 'WebApps.CreateOrUpdate';
  }
  if (sent.method === 'PATCH') {
    assert.match(path, /\/config\/web$/);
    assert.deepEqual(strangeToMapper(JSON.parse(sent.body), mappers.SiteConfigResource, 'config'), []);
    return 'WebApps.UpdateConfiguration';
  }
  assert.equal(sent.body, '', `${sent.method} ${path} with a body`);
  return path.includes('/metrics') ? 'Metrics.List' : `read ${path.split('/').at(-2)}`;
}

// --- the recorder ---
const sandbox = spawn(sandboxPath, ['--days', '2', '--speed', '60', '--seed', '3'], {stdio: ['ignore', 'pipe', 'inherit']});
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
const workspace = mkdtempSync(join(tmpdir(), 'pilotlight-requests-'));
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

let failed = 0;
try {
  for (const [platform, check, changes, wanted] of [
    ['gcp', checkGoogle, [['rerank-service', '--warm-pool', '3'], ['rerank-service', '--memory', '4096', '--override', 'memory-floor'], ['vision-tagger', '--memory', '2048', '--override', 'memory-floor'], ['invoice-parser', '--memory', '2048', '--override', 'memory-floor']],
     ['Projects$Locations$Services.list', 'Projects$Locations$Services.patch', 'Projects$Locations$Functions.patch', 'Projects$Timeseries.list', 'Jobs.query', 'Services$Skus.list']],
    ['azure', checkAzure, [['speech-notes', '--memory', '4096'], ['speech-notes', '--warm-pool', '2'], ['contract-review', '--warm-pool', '3'], ['webhook-classifier', '--instance-limit', '9']],
     ['WebApps.CreateOrUpdate', 'WebApps.UpdateConfiguration', 'Metrics.List', 'Query.Usage', 'Query.Execute']]]) {
    recorded.length = 0;
    await done('profile', 'add', platform, '--platform', platform, '--region', 'all', '--endpoint-url', endpoint, '--write');
    await done('profile', 'test', platform, '--json');
    await done('sync', '--profile', platform, '--from', 'now-1d', '--json');
    for (const change of changes) {
      const plan = JSON.parse(await done('plan', ...change, '--json'));
      const applied = JSON.parse(await done('apply', plan.plan_id, '--yes', '--json'));
      await done('revert', applied.change_id, '--yes', '--json');
    }
    const seen = new Map();
    for (const sent of recorded) {
      if (platform === 'gcp' && (sent.path === '/token' || sent.path.includes('/oauth2/'))) continue;
      try {
        const name = check(sent);
        if (name) seen.set(name, (seen.get(name) ?? 0) + 1);
      } catch (error) {
        ++failed;
        console.error(`${platform}: ${sent.method} ${sent.path}: ${error.message}`);
      }
    }
    console.log(platform, recorded.length, 'requests:', [...seen].map(([name, n]) => `${name} x ${n}`).join(', '));
    for (const name of wanted) if (!seen.has(name)) { ++failed; console.error(`${platform}: no request to ${name} was seen`); }
    // The check itself must be able to fail.
    const broken = recorded.find((sent) => (sent.method === 'PUT' || sent.method === 'PATCH') && sent.body);
    assert.throws(() => check({...broken, body: JSON.stringify({...JSON.parse(broken.body), nonsense: 1})}));
  }
} finally {
  proxy.close();
  proxy.closeAllConnections?.();
  sandbox.kill('SIGTERM');
  rmSync(workspace, {recursive: true, force: true});
}
process.exit(failed ? 1 : 0);
