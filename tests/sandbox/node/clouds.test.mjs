// What Google's and Azure's own SDKs make of the sandbox: they read and change it. The SDKs know the wire formats; these tests only know
// what must come out.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {WebSiteManagementClient} from '@azure/arm-appservice';
import {google} from 'googleapis';

const rootUrl = process.env.SANDBOX_URL;
const project = process.env.GOOGLE_CLOUD_PROJECT;
const parent = `projects/${project}/locations/us-central1`;

// The library hardcodes Google's token address for keys; the assertion for the address that the key file names is ours.
async function googleToken() {
  const {createSign} = await import('node:crypto');
  const {readFileSync} = await import('node:fs');
  const key = JSON.parse(readFileSync(process.env.GOOGLE_APPLICATION_CREDENTIALS, 'utf8'));
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({alg: 'RS256', typ: 'JWT', kid: key.private_key_id})}.${part({iss: key.client_email, scope: 'https://www.googleapis.com/auth/cloud-platform', aud: key.token_uri, iat: now, exp: now + 3600})}`;
  const assertion = `${text}.${createSign('RSA-SHA256').update(text).sign(key.private_key).toString('base64url')}`;
  const answer = await fetch(key.token_uri, {method: 'POST', body: new URLSearchParams({grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion})});
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}
const auth = new google.auth.OAuth2();
auth.setCredentials({access_token: await googleToken(), expiry_date: Date.now() + 3000000});
const run = google.run({version: 'v2', auth, rootUrl});
const functions = google.cloudfunctions({version: 'v2', auth, rootUrl});
const monitoring = google.monitoring({version: 'v3', auth, rootUrl});

async function finished(api, name) {
  for (let i = 0; i < 400; ++i) {
    const {data} = await api.projects.locations.operations.get({name});
    if (data.done) return data;
    await sleep(20);
  }
  assert.fail('the operation never ended');
}

test('googleapis lists services and functions', async () => {
  const {data} = await run.projects.locations.services.list({parent});
  assert.ok(data.services.length >= 2);
  for (const service of data.services) assert.match(service.template.containers[0].resources.limits.memory, /^\d+Mi$/);
  const all = await functions.projects.locations.functions.list({parent: `projects/${project}/locations/-`});
  assert.deepEqual(new Set(all.data.functions.map((f) => f.environment)), new Set(['GEN_1', 'GEN_2']));
});

test('googleapis changes a service, and a stale etag is refused', async () => {
  const name = `${parent}/services/rerank-service`;
  const before = (await run.projects.locations.services.get({name})).data;
  const patch = (etag, n) => run.projects.locations.services.patch({name, updateMask: 'scaling.minInstanceCount', requestBody: {etag, scaling: {minInstanceCount: n}}});
  const done = await finished(run, (await patch(before.etag, 2)).data.name);
  assert.equal(done.response.scaling.minInstanceCount, 2);
  await assert.rejects(patch(before.etag, 3), (error) => error.code === 409 || error.status === 409);
  const now = (await run.projects.locations.services.get({name})).data;
  assert.equal(now.scaling.minInstanceCount, 2);
  assert.equal(now.observedGeneration, now.generation);
  await finished(run, (await patch(now.etag, before.scaling.minInstanceCount)).data.name);
});

test('googleapis changes a function', async () => {
  const name = `${parent}/functions/vision-tagger`;
  const before = (await functions.projects.locations.functions.get({name})).data;
  const patch = (timeoutSeconds) => functions.projects.locations.functions.patch({name, updateMask: 'serviceConfig.timeoutSeconds', requestBody: {serviceConfig: {timeoutSeconds}}});
  await finished(functions, (await patch(90)).data.name);
  assert.equal((await run.projects.locations.services.get({name: `${parent}/services/vision-tagger`})).data.template.timeout, '90s');
  await finished(functions, (await patch(before.serviceConfig.timeoutSeconds)).data.name);
});

test('googleapis reads metrics, page by page', async () => {
  const end = new Date(Math.floor(Date.now() / 3600000) * 3600000);
  let pageToken, points = 0, pages = 0;
  do {
    const {data} = await monitoring.projects.timeSeries.list({
      name: `projects/${project}`, pageToken, pageSize: 10, 'interval.startTime': new Date(end - 6 * 3600000).toISOString(), 'interval.endTime': end.toISOString(),
      filter: 'metric.type="run.googleapis.com/request_latencies" AND resource.type="cloud_run_revision"',
      'aggregation.alignmentPeriod': '3600s', 'aggregation.perSeriesAligner': 'ALIGN_DELTA', 'aggregation.crossSeriesReducer': 'REDUCE_SUM', 'aggregation.groupByFields': ['resource.labels.service_name']});
    for (const series of data.timeSeries ?? []) {
      for (const point of series.points) assert.equal(typeof point.value.distributionValue.count, 'string');
      points += series.points.length;
    }
    pageToken = data.nextPageToken;
    ++pages;
  } while (pageToken);
  assert.equal(points, 24);
  assert.equal(pages, 3);
});

const credential = {
  async getToken(scopes) {
    const answer = await fetch(`${rootUrl}/${process.env.AZURE_TENANT_ID}/oauth2/v2.0/token`, {method: 'POST', body: new URLSearchParams({grant_type: 'client_credentials', client_id: process.env.AZURE_CLIENT_ID, client_secret: process.env.AZURE_CLIENT_SECRET, scope: 'https://management.azure.com/.default'})});
    const {access_token, expires_in} = await answer.json();
    return {token: access_token, expiresOnTimestamp: Date.now() + expires_in * 1000};
  },
};
// Over plain http the SDK sends no token: its policy is ours then.
const plain = {name: 'token', async sendRequest(request, next) {
  request.headers.set('authorization', `Bearer ${(await credential.getToken()).token}`);
  return next(request);
}};
const web = new WebSiteManagementClient(credential, process.env.AZURE_SUBSCRIPTION_ID, {endpoint: rootUrl, allowInsecureConnection: true, apiVersion: '2024-04-01'});
if (!process.env.SANDBOX_TLS) {
  web.pipeline.removePolicy({name: 'bearerTokenAuthenticationPolicy'});
  web.pipeline.addPolicy(plain);
}

test('arm-appservice lists apps over pages', async () => {
  const names = [];
  for await (const site of web.webApps.list()) names.push(site.name);
  assert.deepEqual(names.sort(), ['contract-review', 'speech-notes', 'webhook-classifier']);
});

test('arm-appservice changes the scale limit of an app', async () => {
  const before = await web.webApps.getConfiguration('ai-apps', 'webhook-classifier');
  const after = await web.webApps.updateConfiguration('ai-apps', 'webhook-classifier', {functionAppScaleLimit: 11});
  assert.equal(after.functionAppScaleLimit, 11);
  await web.webApps.updateConfiguration('ai-apps', 'webhook-classifier', {functionAppScaleLimit: before.functionAppScaleLimit});
  const plan = await web.appServicePlans.get('ai-apps', 'contract-review-plan');
  assert.equal(plan.sku.name, 'EP1');
});
