// What Google's and Azure's own SDKs make of the sandbox: they read and change it. The SDKs know the wire formats; these tests only know
// what must come out.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import {WebSiteManagementClient} from '@azure/arm-appservice';
import {CostManagementClient} from '@azure/arm-costmanagement';
import {MonitorClient} from '@azure/arm-monitor';
import {google} from 'googleapis';

const rootUrl = process.env.SANDBOX_URL;
const project = process.env.GOOGLE_CLOUD_PROJECT;
const parent = `projects/${project}/locations/us-central1`;

// The library hardcodes Google's token address for keys; the assertion for the address that the key file names is ours.
async function googleToken() {
  const {createSign} = await import('node:crypto');
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

test('googleapis changes a function of the 1st generation by its own API', async () => {
  const v1 = google.cloudfunctions({version: 'v1', auth, rootUrl}), name = `${parent}/functions/invoice-parser`;
  const before = (await v1.projects.locations.functions.get({name})).data;
  const patch = (maxInstances) => v1.projects.locations.functions.patch({name, updateMask: 'maxInstances', requestBody: {maxInstances}});
  let operation = (await patch(7)).data;
  for (let i = 0; i < 400 && !operation.done; ++i) {
    await sleep(20);
    operation = (await v1.operations.get({name: operation.name})).data;
  }
  assert.ok(operation.done && !operation.error, JSON.stringify(operation));
  assert.equal((await functions.projects.locations.functions.get({name})).data.serviceConfig.maxInstanceCount, 7);
  await patch(before.maxInstances ?? 0);
});

test('googleapis reads the price catalog, page by page', async () => {
  const billing = google.cloudbilling({version: 'v1', auth, rootUrl}), prices = new Map();
  let pageToken, pages = 0;
  do {
    const {data} = await billing.services.skus.list({parent: 'services/152E-C115-5142', currencyCode: 'USD', pageSize: 4, pageToken});
    for (const sku of data.skus) {
      const [rate] = sku.pricingInfo[0].pricingExpression.tieredRates;
      prices.set(sku.description, rate.unitPrice);
      assert.ok(sku.serviceRegions.length > 0);
    }
    pageToken = data.nextPageToken;
    ++pages;
  } while (pageToken);
  assert.ok(pages > 3);
  assert.equal(prices.get('Services CPU (Request-based billing)').nanos, 24000);
  await assert.rejects(billing.services.skus.list({parent: 'services/0000-0000-0000'}), (error) => error.status === 404 || error.code === 404);
});

test('googleapis runs the billing query, and no other', async () => {
  const bigquery = google.bigquery({version: 'v2', auth, rootUrl});
  const {data: sets} = await bigquery.datasets.list({projectId: project});
  const datasetId = sets.datasets[0].datasetReference.datasetId;
  const {data: tables} = await bigquery.tables.list({projectId: project, datasetId});
  const table = `${project}.${datasetId}.${tables.tables[0].tableReference.tableId}`;
  const text = readFileSync(new URL('../../../resources/queries/gcp_billing_export.sql', import.meta.url), 'utf8').replace('{table}', table);
  const instant = (name, t) => ({name, parameterType: {type: 'TIMESTAMP'}, parameterValue: {value: new Date(t).toISOString()}});
  const ask = (query, more) => bigquery.jobs.query({projectId: project, requestBody: {query, useLegacySql: false, location: sets.datasets[0].location, parameterMode: 'NAMED', maxResults: 5, ...more,
    queryParameters: [instant('from', today - 2 * day), instant('to', today + day), {name: 'projects', parameterType: {type: 'ARRAY', arrayType: {type: 'STRING'}}, parameterValue: {arrayValues: [{value: project}]}}]}});
  const dry = (await ask(text, {dryRun: true})).data;
  assert.ok(Number(dry.totalBytesProcessed) > 0);
  assert.equal(dry.rows, undefined);
  const first = (await ask(text)).data;
  assert.ok(first.jobComplete);
  assert.deepEqual(first.schema.fields.map((field) => field.name), ['day', 'service_id', 'sku_id', 'sku', 'region', 'unit', 'amount', 'cost_usd', 'credits_usd']);
  let rows = first.rows, pageToken = first.pageToken;
  while (pageToken) {
    const {data} = await bigquery.jobs.getQueryResults({projectId: project, jobId: first.jobReference.jobId, location: first.jobReference.location, maxResults: 5, pageToken});
    rows = rows.concat(data.rows);
    pageToken = data.pageToken;
  }
  assert.equal(rows.length, Number(first.totalRows));
  assert.ok(rows.length > 10);
  for (const {f} of rows) assert.ok(Number(f[7].v) >= 0);
  await assert.rejects(ask('SELECT 1'), (error) => (error.status === 400 || error.code === 400) && /Syntax error/.test(error.message));
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
function withToken(client) {
  if (!process.env.SANDBOX_TLS) {
    client.pipeline.removePolicy({name: 'bearerTokenAuthenticationPolicy'});
    client.pipeline.addPolicy(plain);
  }
  return client;
}
const subscription = process.env.AZURE_SUBSCRIPTION_ID, endpoint = {endpoint: rootUrl, allowInsecureConnection: true};
const web = withToken(new WebSiteManagementClient(credential, subscription, {...endpoint, apiVersion: '2024-04-01'}));
const monitor = withToken(new MonitorClient(credential, subscription, endpoint));
const costs = withToken(new CostManagementClient(credential, endpoint));
const day = 86400e3, today = Math.floor(Date.now() / day) * day;

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

test('arm-appservice lists the functions of an app, over pages', async () => {
  const found = new Map();
  for await (const each of web.webApps.listFunctions('ai-apps', 'speech-notes')) found.set(each.name, each);
  assert.deepEqual([...found.keys()].sort(), ['speech-notes/summarise', 'speech-notes/tidy-drafts', 'speech-notes/transcribe']);
  const one = found.get('speech-notes/tidy-drafts');
  assert.equal(one.config.bindings[0].type, 'timerTrigger');
  assert.equal(one.isDisabled, false);
});

test('arm-appservice changes a Flex Consumption app and waits for it', async () => {
  const before = await web.webApps.get('ai-apps', 'speech-notes'), scale = before.functionAppConfig.scaleAndConcurrency;
  assert.equal(scale.instanceMemoryMB, 2048);
  const put = (instanceMemoryMB) => web.webApps.beginCreateOrUpdateAndWait('ai-apps', 'speech-notes',
    {...before, functionAppConfig: {...before.functionAppConfig, scaleAndConcurrency: {...scale, instanceMemoryMB}}}, {updateIntervalInMs: 50});
  assert.equal((await put(4096)).functionAppConfig.scaleAndConcurrency.instanceMemoryMB, 4096);
  await assert.rejects(put(1000), (error) => error.statusCode === 400 && /InstanceMemoryMB/.test(error.message));
  const back = await put(2048);
  assert.deepEqual(back.functionAppConfig, before.functionAppConfig);
});

test('arm-monitor reads metrics; the same in hours and in five minutes', async () => {
  const app = `subscriptions/${subscription}/resourceGroups/ai-apps/providers/Microsoft.Web/sites/speech-notes`;
  const read = (interval, metricnames) => monitor.metrics.list(app, {timespan: `${new Date(today - day).toISOString()}/${new Date(today).toISOString()}`, interval, metricnames,
                                                                    aggregation: 'Total,Average', metricnamespace: 'Microsoft.Web/sites'});
  const sums = [];
  for (const interval of ['PT5M', 'PT1H']) {
    const {value} = await read(interval, 'OnDemandFunctionExecutionCount,AlwaysReadyFunctionExecutionCount,HttpResponseTime');
    assert.deepEqual(value.map((metric) => metric.unit), ['Count', 'Count', 'Seconds']);
    const points = value.map((metric) => metric.timeseries[0].data);
    assert.equal(points[0].length, interval === 'PT1H' ? 24 : 288);
    assert.equal(points[0][0].timeStamp.getTime(), today - day, 'the begin of the period');
    assert.ok(points[2].some((point) => point.average > 0));
    sums.push(points[0].concat(points[1]).reduce((sum, point) => sum + (point.total ?? 0), 0));
  }
  assert.ok(sums[0] > 100);
  assert.ok(Math.abs(sums[0] - sums[1]) < 1e-6 * sums[0]);
  await assert.rejects(read('PT5M', 'FunctionExecutionUnits'), (error) => error.statusCode === 400);
});

test('arm-costmanagement reads the bill', async () => {
  const ask = (grouping) => costs.query.usage(`subscriptions/${subscription}`, {type: 'ActualCost', timeframe: 'Custom', timePeriod: {from: new Date(today - day), to: new Date(today - 1000)},
    dataset: {granularity: 'Daily', aggregation: {cost: {name: 'CostUSD', function: 'Sum'}, quantity: {name: 'UsageQuantity', function: 'Sum'}},
              grouping: grouping.map((name) => ({type: 'Dimension', name})), filter: {dimensions: {name: 'MeterCategory', operator: 'In', values: ['Functions']}}}});
  const {columns, rows} = await ask(['ResourceId', 'Meter']), at = (name) => columns.findIndex((column) => column.name === name);
  const date = Number(new Date(today - day).toISOString().slice(0, 10).replaceAll('-', ''));
  const meters = new Set();
  for (const row of rows) {
    assert.equal(row[at('UsageDate')], date);
    assert.ok(row[at('CostUSD')] >= 0 && row[at('UsageQuantity')] > 0);
    assert.equal(row[at('ResourceId')], row[at('ResourceId')].toLowerCase());
    meters.add(row[at('Meter')]);
  }
  for (const meter of ['Always Ready Baseline', 'Standard Execution Time', 'Premium vCPU Duration']) assert.ok(meters.has(meter), meter);
  await assert.rejects(ask(['ResourceId', 'Meter', 'ResourceGroup']), (error) => error.statusCode === 400);
});
