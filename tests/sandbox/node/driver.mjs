// Starts the sandbox, runs the tests of the SDKs against it with the keys (and the authority) it printed, stops it.
// node driver.mjs PATH-OF-SANDBOX [--tls]
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const skip = 77;
if (Number(process.versions.node.split('.')[0]) < 18) { console.log('skipped: node 18 or newer is needed'); process.exit(skip); }
if (!['@aws-sdk/client-lambda', 'googleapis', '@azure/arm-appservice', '@azure/arm-monitor', '@azure/arm-costmanagement'].every((name) => existsSync(join(here, 'node_modules', name)))) { console.log('skipped: npm ci has not been run in tests/sandbox/node'); process.exit(skip); }

const [binary, ...options] = process.argv.slice(2);
const sandbox = spawn(binary, ['--days', '2', '--speed', '60', '--seed', '3', ...options], {stdio: ['ignore', 'pipe', 'inherit']});
const line = await new Promise((resolve, reject) => {
  createInterface({input: sandbox.stdout}).once('line', resolve);
  sandbox.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
});
const ready = JSON.parse(line);
// Nothing of the caller's own AWS settings may leak in.
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|AZURE|GOOGLE|GCLOUD)_/.test(name)));
const env = {...clean, ...ready.environment, SANDBOX_URL: ready.endpoints.aws, SANDBOX_TLS: options.includes('--tls') ? '1' : '',
             AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1', NO_PROXY: '127.0.0.1'};
for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) delete env[name];
const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', join(here, 'sdk.test.mjs'), join(here, 'clouds.test.mjs')], {env, stdio: 'inherit'});
const code = await new Promise((resolve) => tests.once('exit', (c) => resolve(c ?? 1)));
sandbox.kill('SIGTERM');
const ended = await new Promise((resolve) => sandbox.once('exit', (c) => resolve(c)));
if (ended !== 0) console.error(`the sandbox ended with ${ended} on SIGTERM`);
process.exit(code || (ended === 0 ? 0 : 1));
