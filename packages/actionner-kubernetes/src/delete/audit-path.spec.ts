import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAuditPath } from './audit-path.ts';

it.each([
  ['/api/v1/namespaces/shop/configmaps/settings', ['', 'configmaps', 'shop', 'settings']],
  ['/api/v1/namespaces/shop/configmaps', ['', 'configmaps', 'shop', undefined]],
  ['/api/v1/namespaces/shop/configmaps/settings?fieldManager=a/b#c', ['', 'configmaps', 'shop', 'settings']],
  ['/api/v1/namespaces/shop/pods/cart-0/exec?command=sh&stdin=true', ['', 'pods', 'shop', 'cart-0']],
  ['/api/v1/namespaces/shop', ['', 'namespaces', undefined, 'shop']],
  ['/api/v1/namespaces/shop/finalize', ['', 'namespaces', undefined, 'shop']],
  ['/api/v1/namespaces/', ['', 'namespaces', undefined, undefined]],
  ['/api/v1/watch/namespaces/shop/pods', ['', 'pods', 'shop', undefined]],
  ['/apis/apps/v1/namespaces/shop/deployments/web/scale', ['apps', 'deployments', 'shop', 'web']],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    ['rbac.authorization.k8s.io', 'clusterroles', undefined, 'system:node'],
  ],
  [
    '/apis/storage.k8s.io/v1/volumeattachments/csi-1/status',
    ['storage.k8s.io', 'volumeattachments', undefined, 'csi-1'],
  ],
])('%s', (uri, [group, plural, namespace, name]) => {
  expect(parseAuditPath(uri)).toEqual({ group, plural, namespace, name });
});

it.each([
  '',
  '/',
  '/api',
  '/api/v1',
  '/apis',
  '/apis/apps',
  '/apis/apps/v1',
  '/healthz',
  '/metrics/a/b/c',
  'api/v1/pods/a',
  'https://example.com/api/v1/pods/a',
  '//api/v1/pods/a',
  '/api/v1//pods/a',
  '/api/v1/namespaces/shop/../kube-system/pods/a',
  '/api/v1/namespaces/shop/%2e%2e/kube-system/pods/a',
  '/api/v1/namespaces/kube-system%2Fpods/a',
  '/apis/%2e/v1/pods/a',
  '/api/v1/pods/%zz',
])('%s is not the path of a resource', (uri) => {
  expect(parseAuditPath(uri)).toBeUndefined();
});

it('takes any text', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('/', '/api/v1', '/apis/', '%', '..', 'namespaces', '?', '\0'));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = parseAuditPath(pieces.join(''));
      for (const part of [path?.group, path?.plural, path?.namespace, path?.name])
        expect(part ?? '').not.toMatch(/^\.\.?$|\//);
    }),
  );
});
