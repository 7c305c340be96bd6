// What googleapis knows of Google's APIs: methods, parameters, fields. Its types are generated from the discovery documents.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const apis = join(here, 'node_modules/googleapis/build/src/apis');
class GoogleApi {
  constructor(name, version) {
    this.title = `${name}/${version}`;
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
// Name of the method; throws where the library does not know it, a parameter, a field or a path of a mask.
export function checkGoogle(sent) {
  const api = googleApi(sent.path);
  assert.ok(api, `no API of Google has ${sent.path}`);
  const at = api.find(sent.method, sent.path);
  assert.ok(at, `googleapis has no ${sent.method} ${sent.path}`);
  const title = `Params$Resource$${at.owner}$${at.name[0].toUpperCase()}${at.name.slice(1).toLowerCase()}`, known = api.interfaces.get(title);
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
  return `${api.title} ${at.owner}.${at.name}`;
}
