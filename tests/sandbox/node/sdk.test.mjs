// What the AWS SDK for JavaScript makes of the sandbox. The SDK knows the wire formats; these tests only know what must come out.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';

import * as scaling from '@aws-sdk/client-application-auto-scaling';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as ce from '@aws-sdk/client-cost-explorer';
import * as lambda from '@aws-sdk/client-lambda';
import * as sts from '@aws-sdk/client-sts';

const endpoint = process.env.SANDBOX_URL;
const region = 'us-east-1';
const base = {endpoint, region, maxAttempts: 1};
const functions = new lambda.LambdaClient(base);
const send = (command) => functions.send(command);
const seconds = (n) => new Date(Date.now() + n * 1000);

// The sandbox's clock runs ahead of ours; every reply says where it is.
async function sandboxNow() {
  let header;
  const client = new lambda.LambdaClient(base);
  client.middlewareStack.add((next) => async (args) => {
    const result = await next(args);
    header = result.response.headers['x-pilotlight-time'];
    return result;
  }, {step: 'deserialize', name: 'clock'});
  await client.send(new lambda.GetAccountSettingsCommand({}));
  assert.match(header, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z;speed=60$/);
  return new Date(header.split(';')[0]);
}

async function settled(name) {
  for (let i = 0; i < 100; ++i) {
    const configuration = await send(new lambda.GetFunctionConfigurationCommand({FunctionName: name}));
    if (configuration.LastUpdateStatus !== 'InProgress') return configuration;
    await sleep(50);
  }
  assert.fail('the update never converged');
}

test('the endpoint is what the driver asked for', () => {
  assert.equal(new URL(endpoint).protocol, process.env.SANDBOX_TLS ? 'https:' : 'http:');
});

test('STS names the account', async () => {
  const who = await new sts.STSClient(base).send(new sts.GetCallerIdentityCommand({}));
  assert.equal(who.Account, '123456789012');
  assert.match(who.Arn, /^arn:aws:iam::123456789012:/);
});

test('Lambda lists every function, page by page', async () => {
  const names = [];
  for await (const page of lambda.paginateListFunctions({client: functions, pageSize: 4}, {})) {
    assert.ok(page.Functions.length <= 4);
    names.push(...page.Functions.map((f) => f.FunctionName));
  }
  assert.equal(new Set(names).size, names.length);
  for (const name of ['chat-inference', 'embeddings-api', 'image-classify', 'ocr-page', 'speech-to-text', 'batch-scoring', 'thumbnailer', 'legacy-ranker', 'fraud-score'])
    assert.ok(names.includes(name), name);
  const one = await send(new lambda.GetFunctionCommand({FunctionName: 'fraud-score'}));
  assert.equal(one.Tags['aws:cloudformation:stack-name'], 'payments-prod');
  assert.deepEqual(one.Configuration.Architectures, ['arm64']);
  await assert.rejects(send(new lambda.GetFunctionCommand({FunctionName: 'nobody'})), lambda.ResourceNotFoundException);
});

test('memory changes, converges, and the revision guards it', async () => {
  const before = await send(new lambda.GetFunctionConfigurationCommand({FunctionName: 'embeddings-api'}));
  const updated = await send(new lambda.UpdateFunctionConfigurationCommand({FunctionName: 'embeddings-api', MemorySize: 1769, RevisionId: before.RevisionId}));
  assert.equal(updated.MemorySize, 1769);
  const after = await settled('embeddings-api');
  assert.equal(after.LastUpdateStatus, 'Successful');
  assert.equal(after.MemorySize, 1769);
  await assert.rejects(send(new lambda.UpdateFunctionConfigurationCommand({FunctionName: 'embeddings-api', MemorySize: 512, RevisionId: before.RevisionId})), lambda.PreconditionFailedException);
  await assert.rejects(send(new lambda.UpdateFunctionConfigurationCommand({FunctionName: 'embeddings-api', MemorySize: 64})), lambda.InvalidParameterValueException);
});

test('versions, aliases and their revisions', async () => {
  const change = {FunctionName: 'chat-inference', MemorySize: 1769};
  await send(new lambda.UpdateFunctionConfigurationCommand(change));
  await settled('chat-inference');
  const version = await send(new lambda.PublishVersionCommand({FunctionName: 'chat-inference'}));
  assert.equal(version.Version, '4');
  const alias = await send(new lambda.GetAliasCommand({FunctionName: 'chat-inference', Name: 'live'}));
  const moved = await send(new lambda.UpdateAliasCommand({FunctionName: 'chat-inference', Name: 'live', FunctionVersion: '4', RevisionId: alias.RevisionId}));
  assert.equal(moved.FunctionVersion, '4');
  await assert.rejects(send(new lambda.UpdateAliasCommand({FunctionName: 'chat-inference', Name: 'live', FunctionVersion: '3', RevisionId: alias.RevisionId})), lambda.PreconditionFailedException);
  const versions = await send(new lambda.ListVersionsByFunctionCommand({FunctionName: 'chat-inference'}));
  assert.equal(versions.Versions.length, 5);
});

test('reserved and provisioned concurrency', async () => {
  await assert.rejects(send(new lambda.PutFunctionConcurrencyCommand({FunctionName: 'ocr-page', ReservedConcurrentExecutions: 950})), lambda.InvalidParameterValueException);
  await send(new lambda.PutFunctionConcurrencyCommand({FunctionName: 'speech-to-text', ReservedConcurrentExecutions: 20}));
  assert.equal((await send(new lambda.GetFunctionConcurrencyCommand({FunctionName: 'speech-to-text'}))).ReservedConcurrentExecutions, 20);
  const pool = {FunctionName: 'thumbnailer', Qualifier: 'prod'};
  const list = await send(new lambda.ListProvisionedConcurrencyConfigsCommand({FunctionName: 'thumbnailer'}));
  assert.equal(list.ProvisionedConcurrencyConfigs[0].RequestedProvisionedConcurrentExecutions, 8);
  const put = await send(new lambda.PutProvisionedConcurrencyConfigCommand({...pool, ProvisionedConcurrentExecutions: 9}));
  assert.equal(put.Status, 'IN_PROGRESS');
  let state = put;
  for (let i = 0; i < 200 && state.Status === 'IN_PROGRESS'; ++i) {
    await sleep(50);
    state = await send(new lambda.GetProvisionedConcurrencyConfigCommand(pool));
  }
  assert.equal(state.Status, 'READY');
  assert.equal(state.AvailableProvisionedConcurrentExecutions, 9);
  await send(new lambda.DeleteProvisionedConcurrencyConfigCommand(pool));
  await assert.rejects(send(new lambda.GetProvisionedConcurrencyConfigCommand(pool)), lambda.ProvisionedConcurrencyConfigNotFoundException);
});

test('CloudWatch: percentiles, pages, and agreement of two calls', async () => {
  const client = new cloudwatch.CloudWatchClient(base);
  const now = await sandboxNow();
  const end = new Date(Math.floor(now / 3600e3) * 3600e3), start = new Date(end - 24 * 3600e3);
  const metric = (name) => ({Namespace: 'AWS/Lambda', MetricName: name, Dimensions: [{Name: 'FunctionName', Value: 'image-classify'}]});
  const query = (id, name, stat, period) => ({Id: id, MetricStat: {Metric: metric(name), Stat: stat, Period: period}});
  const input = {StartTime: start, EndTime: end, ScanBy: 'TimestampAscending', MaxDatapoints: 100,
                 MetricDataQueries: [query('n', 'Invocations', 'Sum', 300), query('p', 'Duration', 'p95', 86400), query('m', 'Duration', 'Maximum', 86400)]};
  let count = 0, pages = 0;
  const last = {};
  for await (const page of cloudwatch.paginateGetMetricData({client}, input)) {
    ++pages;
    for (const result of page.MetricDataResults) {
      assert.equal(result.Timestamps.length, result.Values.length);
      for (const t of result.Timestamps) assert.ok(t >= start && t < end);
      if (result.Id === 'n') count += result.Values.reduce((a, b) => a + b, 0);
      else if (result.Values.length) last[result.Id] = result.Values[0];
    }
  }
  assert.ok(pages > 1);
  assert.ok(last.p > 0 && last.p <= last.m);
  const whole = await client.send(new cloudwatch.GetMetricStatisticsCommand({...metric('Invocations'), StartTime: start, EndTime: end, Period: 86400, Statistics: ['Sum']}));
  assert.equal(whole.Datapoints[0].Sum, count);
  assert.ok(whole.Datapoints[0].Timestamp instanceof Date);
  const listed = await client.send(new cloudwatch.ListMetricsCommand({Namespace: 'AWS/Lambda', MetricName: 'Throttles'}));
  assert.ok(listed.Metrics.some((m) => m.Dimensions.some((d) => d.Value === 'speech-to-text')));
});

test('Logs: cold starts and JSON reports', async () => {
  const client = new logs.CloudWatchLogsClient(base);
  const now = await sandboxNow();
  let cold = 0;
  for await (const page of logs.paginateFilterLogEvents({client}, {logGroupName: '/aws/lambda/chat-inference', startTime: +now - 24 * 3600e3, endTime: +now, filterPattern: '"Init Duration"', limit: 50}))
    for (const event of page.events) {
      ++cold;
      assert.match(event.message, /^REPORT RequestId: [0-9a-f-]{36}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: \d+ MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t/);
    }
  assert.ok(cold > 20);
  const reports = await client.send(new logs.FilterLogEventsCommand({logGroupName: '/aws/lambda/doc-summarise', startTime: +now - 24 * 3600e3, filterPattern: '{ $.type = "platform.report" }', limit: 20}));
  assert.equal(JSON.parse(reports.events[0].message).record.metrics.memorySizeMB, 2048);
  await assert.rejects(client.send(new logs.FilterLogEventsCommand({logGroupName: '/aws/lambda/nobody'})), logs.ResourceNotFoundException);
});

test('Application Auto Scaling: the clock-driven pool', async () => {
  const client = new scaling.ApplicationAutoScalingClient(base);
  const targets = await client.send(new scaling.DescribeScalableTargetsCommand({ServiceNamespace: 'lambda'}));
  assert.deepEqual(targets.ScalableTargets.map((t) => t.ResourceId), ['function:doc-summarise:prod']);
  const actions = await client.send(new scaling.DescribeScheduledActionsCommand({ServiceNamespace: 'lambda', ResourceId: 'function:doc-summarise:prod'}));
  assert.equal(actions.ScheduledActions.length, 2);
  const id = {ServiceNamespace: 'lambda', ResourceId: 'function:thumbnailer:prod', ScalableDimension: 'lambda:function:ProvisionedConcurrency'};
  await client.send(new scaling.RegisterScalableTargetCommand({...id, MinCapacity: 1, MaxCapacity: 3}));
  await client.send(new scaling.PutScheduledActionCommand({...id, ScheduledActionName: 'soon', Schedule: 'rate(1 hour)', StartTime: seconds(-3600), ScalableTargetAction: {MinCapacity: 2, MaxCapacity: 3}}));
  await client.send(new scaling.DeregisterScalableTargetCommand(id));
  await assert.rejects(client.send(new scaling.DeregisterScalableTargetCommand(id)), scaling.ObjectNotFoundException);
});

test('Cost Explorer: days, usage types, an open today', async () => {
  const client = new ce.CostExplorerClient(base);
  const day = (n) => new Date(Date.now() + n * 86400e3).toISOString().slice(0, 10);
  const bill = await client.send(new ce.GetCostAndUsageCommand({TimePeriod: {Start: day(-2), End: day(1)}, Granularity: 'DAILY', Metrics: ['UnblendedCost', 'UsageQuantity'],
    GroupBy: [{Type: 'DIMENSION', Key: 'USAGE_TYPE'}], Filter: {Dimensions: {Key: 'SERVICE', Values: ['AWS Lambda']}}}));
  assert.equal(bill.ResultsByTime.length, 3);
  const types = bill.ResultsByTime[1].Groups.map((g) => g.Keys[0]);
  for (const type of ['Request', 'Lambda-GB-Second', 'Lambda-GB-Second-ARM', 'Lambda-Provisioned-Concurrency']) assert.ok(types.includes(type), type);
  assert.ok(bill.ResultsByTime.at(-1).Estimated);
});

test('a wrong secret, a wrong key and a skewed clock are refused', async () => {
  const refusedAs = async (client, command, name) => assert.rejects(client.send(command), (error) => { assert.equal(error.name, name); assert.equal(error.$metadata.httpStatusCode, 403); return true; });
  const wrong = {...base, credentials: {accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: 'x'.repeat(40)}};
  await refusedAs(new lambda.LambdaClient(wrong), new lambda.ListFunctionsCommand({}), 'InvalidSignatureException');
  await refusedAs(new sts.STSClient(wrong), new sts.GetCallerIdentityCommand({}), 'SignatureDoesNotMatch');
  await refusedAs(new logs.CloudWatchLogsClient(wrong), new logs.DescribeLogGroupsCommand({}), 'InvalidSignatureException');
  const stranger = {...base, credentials: {accessKeyId: 'AKIASOMEBODYELSE0000', secretAccessKey: 'x'.repeat(40)}};
  await refusedAs(new lambda.LambdaClient(stranger), new lambda.ListFunctionsCommand({}), 'UnrecognizedClientException');
  await refusedAs(new lambda.LambdaClient({...base, systemClockOffset: -3600e3}), new lambda.ListFunctionsCommand({}), 'InvalidSignatureException');
});

test('a member that nobody knows is refused', async () => {
  const client = new lambda.LambdaClient(base);
  client.middlewareStack.add((next) => (args) => {
    args.request.body = JSON.stringify({MemorySize: 512, Colour: 'blue'});
    args.request.headers['content-length'] = String(args.request.body.length);
    return next(args);
  }, {step: 'build', priority: 'low', name: 'unknown'});
  await assert.rejects(client.send(new lambda.UpdateFunctionConfigurationCommand({FunctionName: 'ocr-page', MemorySize: 512})), (error) => {
    assert.equal(error.name, 'ValidationException');
    assert.match(error.message, /Colour/);
    return true;
  });
});
