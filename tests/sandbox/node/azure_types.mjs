// What the ARM packages of Azure's SDK know: methods with their paths, parameters and bodies, read from the specifications that they are built of.
import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const azurePackages = ['@azure/arm-appservice', '@azure/arm-monitor', '@azure/arm-costmanagement', '@azure/arm-resources-subscriptions', '@azure/arm-appinsights'];

class AzurePackage {
  constructor(name) {
    const root = ['dist/esm', 'dist-esm/src'].map((folder) => join(here, 'node_modules', name, folder)).find(existsSync);
    assert.ok(root, `${name} is built in another way`);
    const text = (file) => readFileSync(join(root, file), 'utf8');
    // A module of nothing but literals and what they are made of; as it is no module by its name, it is read as text.
    const mappers = text('models/mappers.js'), exported = [...mappers.matchAll(/^export (?:const|let) (\S+) = /gm)].map(([, each]) => each);
    this.mappers = new Function(`${mappers.replace(/^export /gm, '')}\nreturn {${exported.join(', ')}};`)();
    const source = text('models/parameters.js'), alias = new Map();
    for (const [, was, is] of source.matchAll(/(\w+) as (\w+)/g)) alias.set(is, was);
    const parameters = new Map();
    for (const [, parameter, body] of source.matchAll(/^export const (\S+) = \{\n([\s\S]*?)^\};/gm))
      parameters.set(parameter, {name: body.match(/serializedName: "([^"]+)"/)?.[1], mapper: alias.get(body.match(/mapper: (\w+),?$/m)?.[1])});
    const names = (list) => [...(list ?? '').matchAll(/Parameters\.([\w$]+)/g)].map(([, parameter]) => parameters.get(parameter));
    this.methods = [];
    for (const file of readdirSync(join(root, 'operations')).filter((each) => each.endsWith('.js') && each !== 'index.js'))
      for (const [, method, body] of text(join('operations', file)).matchAll(/^const (\w+)OperationSpec = \{\n([\s\S]*?)^\};/gm)) {
        const path = body.match(/^\s+path: "([^"]+)"/m)?.[1], verb = body.match(/^\s+httpMethod: "(\w+)"/m)?.[1];
        if (!path || !verb || path === '{nextLink}') continue;
        // Scopes and resources are paths of their own.
        const shape = path.replace(/[.$()]/g, '\\$&').replace(/\{(\w+)\}/g, (_, part) => (part === 'scope' || part === 'resourceUri' ? '.+' : '[^/]+'));
        this.methods.push({name: `${file.slice(0, -3).replace(/Operations$/, '')}.${method}`, path, verb, shape: new RegExp(`^${shape}$`, 'i'),
                           query: names(body.match(/queryParameters: \[([^\]]*)\]/)?.[1]).map((each) => each.name),
                           body: names(body.match(/requestBody: (Parameters\.[\w$]+)/)?.[1])[0]?.mapper});
      }
  }
  find(verb, path) {
    const literal = (each) => each.path.replace(/\{\w+\}/g, '').length;
    return this.methods.filter((each) => each.verb === verb && each.shape.test(path)).sort((a, b) => literal(b) - literal(a))[0];
  }
  // Unknown fields of a body against a mapper. Serialised names may lead deeper: "properties.functionAppConfig".
  strange(value, mapper, at) {
    const {type} = mapper;
    if (value === null) return [];
    if (type.name === 'Sequence') return Array.isArray(value) ? value.flatMap((each, i) => this.strange(each, type.element, `${at}[${i}]`)) : [`${at}: a list expected`];
    if (type.name === 'Dictionary') return Object.entries(value).flatMap(([key, each]) => this.strange(each, type.value, `${at}.${key}`));
    if (type.name === 'Number') return typeof value === 'number' ? [] : [`${at}: a number expected`];
    if (type.name === 'Boolean') return typeof value === 'boolean' ? [] : [`${at}: a boolean expected`];
    if (type.name === 'String') return typeof value === 'string' ? [] : [`${at}: a text expected`];
    if (type.name === 'DateTime') return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? [] : [`${at}: a time expected`];
    if (type.name === 'Enum') return type.allowedValues.includes(value) ? [] : [`${at}: ${value} is none of ${type.allowedValues}`];
    if (type.name !== 'Composite') return [];
    if (typeof value !== 'object') return [`${at}: an object expected`];
    const whole = type.modelProperties ? mapper : this.mappers[type.className];
    const byName = new Map(Object.values(whole.type.modelProperties).map((p) => [p.serializedName.replace(/\\\\./g, '.'), p]));
    const walk = (object, prefix, path) => Object.entries(object).flatMap(([key, each]) => {
      const name = prefix ? `${prefix}.${key}` : key;
      if (byName.has(name)) return this.strange(each, byName.get(name), `${path}.${key}`);
      if ([...byName.keys()].some((known) => known.startsWith(name + '.')) && typeof each === 'object' && each !== null) return walk(each, name, `${path}.${key}`);
      return [`${path}.${key}`];
    });
    return walk(value, '', at);
  }
}

let packages;
const only = (sent, ...known) => { for (const name of sent.query.keys()) assert.ok(known.includes(name), `no parameter ${name}`); };

// Name of the method; throws where no package knows it, a parameter or a field.
export function checkAzure(sent) {
  packages ??= azurePackages.map((name) => new AzurePackage(name));
  const path = sent.path.toLowerCase();
  // Three that no package for JavaScript has, by their documentation: prices, queries of Application Insights, and operations, whose address is the service's word.
  if (path === '/api/retail/prices') {
    only(sent, 'api-version', 'currencyCode', '$filter', 'meterRegion', '$skip');
    assert.equal(sent.body, '');
    return 'Prices.List';
  }
  if (/^\/v1\/apps\/[^/]+\/query$/.test(path)) {
    only(sent);
    const {query, applications = [], ...others} = JSON.parse(sent.body);
    assert.equal(typeof query, 'string');
    assert.ok(applications.every((id) => /^[0-9a-f-]{36}$/.test(id)), `applications are ids: ${applications}`);
    assert.deepEqual(others, {});
    return 'Query.Execute';
  }
  assert.match(sent.query.get('api-version') ?? '', /^\d{4}-\d{2}-\d{2}(-preview)?$/, `${path} without api-version`);
  if (sent.method === 'GET' && /\/providers\/microsoft\.web\/locations\/[^/]+\/operations\/[^/]+$/.test(path)) {
    only(sent, 'api-version');
    return 'Operation.Get';
  }
  const owner = packages.find((each) => each.find(sent.method, sent.path));
  assert.ok(owner, `no package has ${sent.method} ${sent.path}`);
  const method = owner.find(sent.method, sent.path);
  // $skiptoken is part of the links to further pages.
  only(sent, ...method.query, '$skiptoken');
  if (!method.body) {
    assert.equal(sent.body, '', `${method.name} takes no body`);
    return method.name;
  }
  const body = JSON.parse(sent.body);
  assert.deepEqual(owner.strange(body, owner.mappers[method.body], method.name), []);
  if (method.name === 'webApps.createOrUpdate') assert.equal(body.properties.siteConfig, undefined, 'app settings would be replaced');
  return method.name;
}
