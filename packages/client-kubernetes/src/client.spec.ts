import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fit } from '@falco-talon/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  base64,
  kubeconfigText,
  open,
  pod,
  QUICK,
  scope,
  sendJson,
  status,
  type LoopbackApi,
  type Opened,
} from '../spec/loopback-api.ts';
import { createKubernetes } from './client.ts';
import { kubernetes, PODS, type Kubernetes } from './index.ts';

const CART = { namespace: 'shop', name: 'cart' };

let opened: Opened;
beforeEach(async () => void (opened = await open()));
afterEach(() => opened.close());

it('importing the package imports neither the SDK nor undici nor a YAML parser', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    console.log(JSON.stringify(loaded));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@falco-talon/source',
    '--input-type=module',
    '--eval',
    script,
  ]);
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded.some((url) => url.endsWith('client-kubernetes/src/api.ts'))).toBe(true);
  expect(loaded.filter((url) => /node_modules\/(?:@kubernetes|undici|yaml|js-yaml)\//.test(url))).toEqual([]);
});

it('its settings may all be left out, and a namespace must be one', () => {
  expect(fit(kubernetes.settings, {})).toEqual({ value: { kubeconfig: '', namespace: '' }, issues: [] });
  expect(fit(kubernetes.settings, { namespace: 'falco' }).issues).toEqual([]);
  for (const namespace of ['Falco', 'a/b', '-a', 'a'.repeat(64)]) {
    expect(fit(kubernetes.settings, { namespace }).issues).toHaveLength(1);
  }
  expect(fit(kubernetes.settings, { kube_config: '' }).issues).toHaveLength(1);
});

describe('ready', () => {
  let api: LoopbackApi;
  let client: Kubernetes;
  const ready = async () => kubernetes.ready?.(client, scope(opened.signal));
  beforeEach(async () => {
    api = await opened.api((response) => response.end('ok'), { tls: false });
    client = await opened.clientOf(api);
  });

  it('asks once, with the credentials', async () => {
    await ready();
    expect(api.received.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/readyz', 'Bearer secret'],
    ]);
  });

  it('asks for the version where /readyz is not allowed', async () => {
    api.respond = (response, { url }) => {
      if (url === '/readyz') sendJson(response, 403, status(403, 'Forbidden', 'no'));
      else sendJson(response, 200, { major: '1' });
    };
    await ready();
    expect(api.received.map(({ url }) => url)).toEqual(['/readyz', '/version']);
  });

  it.each([
    [401, 'unauthorized'],
    [500, 'unavailable'],
  ])('rejects after %d', async (code, expected) => {
    api.respond = (response) => sendJson(response, code, status(code, '', 'etcd failed: reason withheld'));
    await expect(ready()).rejects.toMatchObject({ code: expected });
    expect(api.received).toHaveLength(1);
  });

  it('rejects soon when there is no answer', async () => {
    client = await opened.clientOf(api, { ...QUICK, readyTime: 50 });
    api.respond = () => {};
    await expect(ready()).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('where the credentials come from', () => {
  const directory = () => join(opened.directory, 'service-account');
  const create = (kubeconfig: string, variables: Record<string, string> = {}, namespace = '') =>
    createKubernetes(
      {
        ...scope(opened.signal),
        settings: { kubeconfig, namespace },
        environment: { variables, homeDirectory: opened.directory },
      },
      QUICK,
      directory(),
    );
  const serviceAccount = async (api: LoopbackApi) => {
    await mkdir(directory());
    await writeFile(join(directory(), 'token'), 'pod-token\n');
    await writeFile(join(directory(), 'ca.crt'), api.authority?.certificate ?? '');
    await writeFile(join(directory(), 'namespace'), 'falco\n');
    const { hostname, port } = new URL(api.url);
    return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  };
  const config = (api: LoopbackApi, token: string) =>
    kubeconfigText(
      { server: api.url, 'certificate-authority-data': base64(api.authority?.certificate ?? '') },
      { token },
    );
  const usedToken = async (client: Kubernetes, api: LoopbackApi) => {
    await client.get(PODS, CART, opened);
    await kubernetes.close?.(client);
    return api.received.at(-1)?.headers.authorization;
  };
  let api: LoopbackApi;
  beforeEach(async () => void (api = await opened.api((response) => sendJson(response, 200, pod('cart')))));

  it('the setting, then the service account, then $KUBECONFIG, then the file at home', async () => {
    const set = await opened.file('set', config(api, 'set'));
    const listed = await opened.file('listed', config(api, 'listed'));
    await mkdir(join(opened.directory, '.kube'));
    await opened.file('.kube/config', config(api, 'home'));
    const inCluster = await serviceAccount(api);
    expect(await usedToken(await create(set, { ...inCluster, KUBECONFIG: listed }), api)).toBe('Bearer set');
    expect(await usedToken(await create('~/set', inCluster), api)).toBe('Bearer set');
    expect(await usedToken(await create('', { ...inCluster, KUBECONFIG: listed }), api)).toBe('Bearer pod-token');
    expect(await usedToken(await create('', { KUBECONFIG: `/nowhere:${listed}` }), api)).toBe('Bearer listed');
    expect(await usedToken(await create(''), api)).toBe('Bearer home');
  });

  it('says where it looked when there are none', async () => {
    await expect(create('')).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(create('')).rejects.toThrow(
      `this is no pod with a service account, and there is no file ${opened.directory}/.kube/config; set kubeconfig`,
    );
    await expect(create('/nowhere/config')).rejects.toThrow(/^\/nowhere\/config cannot be read: ENOENT/);
  });

  it("its own namespace is the pod's, else the setting", async () => {
    const variables = await serviceAccount(api);
    const listed = await opened.file('listed', config(api, 'listed'));
    expect((await create('', variables, 'other')).ownNamespace).toBe('falco');
    expect((await create(listed, {}, 'other')).ownNamespace).toBe('other');
    expect((await create(listed)).ownNamespace).toBe('');
  });

  it('create sends nothing', async () => {
    await create('', await serviceAccount(api));
    expect(api.connections.accepted).toBe(0);
    expect(await readFile(join(directory(), 'token'), 'utf8')).toBe('pod-token\n');
  });
});
