import type { KeyPair } from '../certificates/certificates.ts';

export interface KubeconfigInput {
  readonly server: string;
  readonly ca: string;
  readonly user: string;
  readonly credentials: { readonly token: string } | KeyPair;
  readonly namespace?: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig with one cluster, one user and one context, as YAML. */
export function kubeconfig(input: KubeconfigInput): string {
  const { credentials } = input;
  const user =
    'token' in credentials
      ? [`    token: ${JSON.stringify(credentials.token)}`]
      : [
          `    client-certificate-data: ${base64(credentials.certificate)}`,
          `    client-key-data: ${base64(credentials.key)}`,
        ];
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- name: fake',
    '  cluster:',
    `    server: ${input.server}`,
    `    certificate-authority-data: ${base64(input.ca)}`,
    'users:',
    `- name: ${JSON.stringify(input.user)}`,
    '  user:',
    ...user,
    'contexts:',
    '- name: fake',
    '  context:',
    '    cluster: fake',
    `    user: ${JSON.stringify(input.user)}`,
    ...(input.namespace === undefined ? [] : [`    namespace: ${JSON.stringify(input.namespace)}`]),
    'current-context: fake',
    '',
  ].join('\n');
}
