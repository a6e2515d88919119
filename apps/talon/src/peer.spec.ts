import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildRegistry } from '@falco-talon/engine';
import { peerReference } from '@falco-talon/host';
import { describe, expect, it } from 'vitest';
import { plugins } from './plugins.ts';
import { directoryOf } from './testing-program.ts';
import { runIn } from './testing-run.ts';

const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'coming-from-the-go-engine.md');

it('the page about the Go engine says what check --peer says', async () => {
  const registry = buildRegistry((await plugins()).map((module) => module.default));
  await expect(peerReference(await readFile(page, 'utf8'), registry)).toMatchFileSnapshot(page);
});

/** As a chart renders it: every section, most of it without a value, switches and numbers in quotes here and there. */
const CONFIG = `listen_address: 0.0.0.0
listen_port: "2803"
rules_files: [rules.yaml, override.yaml]
kubeconfig: ""
log_format: json
watch_rules: "false"
print_all_events: false
deduplication: { leader_election: false, time_window_seconds: "5" }
default_notifiers:
  - k8sevents
otel: { traces_enabled: false, metrics_enabled: false, collector_port: "4317", collector_endpoint: , timeout: 10 }
notifiers:
  slack: { webhook_url: , icon: "https://example.com/a.png", username: Talon, footer: "", format: long }
  webhook: { url: }
  smtp: { host_port: "", from: , to: , user: , password: , format: html, tls: false }
  loki: { host_port: , url: , user: , api_key: , tenant: , custom_headers: }
  elasticsearch: { host_port: , url: , create_index_template: , number_of_shards: , number_of_replicas: }
aws: { role_arn: , external_id: , region: , access_key: , secret_key: }
gcp: { region: , credentials_path: }
minio: { endpoint: , access_key: , secret_key: , use_ssl: false }
`;
const RULES = `- action: Stop it
  actionner: kubernetes:terminate
  parameters:
    grace_period_seconds: 5
    min_healthy_replicas: 33%
- action: Mark it
  actionner: kubernetes:label
  parameters: { labels: { analysis/status: suspicious } }

- rule: Shells
  match:
    rules: [Terminal shell in container]
    output_fields: ["k8s.ns.name!=kube-system, k8s.ns.name!=falco"]
  actions:
    - action: Mark it
      parameters: { labels: { analysis/status: shell } }
    - action: Stop it
- rule: Miners
  match:
    source: syscalls
    priority: ">=Warning"
    output_fields: ["user.uid=1000660000"]
  actions:
    - action: Mark it
`;
const OVERRIDE = `- action: Stop it
  parameters: { ignore_daemonsets: true }
- rule: Miners
  continue: "false"
`;
const QUIET = `- rule: Shells
  match: { rules: [Terminal shell in container], priority: ">=Notice", tags: [shell], source: syscall }
  actions:
    - action: Stop it
      actionner: kubernetes:terminate
      parameters: { grace_period_seconds: 0 }
  notifiers: [k8sevents]
`;

async function check(files: Readonly<Record<string, string>>, from = '.', environment = {}) {
  const directory = directoryOf(files);
  const workingDirectory = join(directory.path, from);
  await mkdir(workingDirectory, { recursive: true });
  const argv = ['check', '--peer', '-c', join(directory.path, 'config.yaml')];
  const { code, output, errors } = await runIn(directory.path, argv, { environment, workingDirectory });
  directory.remove();
  const short = (said: string) => said.replaceAll(`${directory.path}/`, '');
  return { code, output: short(output), errors: short(errors) };
}

describe('check --peer', () => {
  it('loads an installation as it is, and tells first what a rule begins to do', async () => {
    const { code, output, errors } = await check({
      'config.yaml': CONFIG,
      'rules.yaml': RULES,
      'override.yaml': OVERRIDE,
    });
    expect(errors).toBe('');
    expect(code).toBe(0);
    const lines = output
      .split('\n')
      .flatMap((line) => /^\d+ places?|^\w+\.yaml:\d+:\d+: differs|^the rules .*/.exec(line) ?? []);
    expect(lines).toEqual([
      '3 places',
      'rules.yaml:5:5: differs',
      'rules.yaml:20:13: differs',
      'rules.yaml:22:21: differs',
      '3 places',
      'rules.yaml:5:5: differs',
      'override.yaml:3:3: differs',
      'override.yaml:3:3: differs',
      '1 place',
      'rules.yaml:16:31: differs',
      'the rules are valid: 2 rules in 2 files',
    ]);
    expect(output).toContain('(Miners.match.source)\n  20 |     source: syscalls\n     |             ^^^^^^^^\n');
  });

  it('says so when there is nothing to tell, whatever variables only the documentation knew', async () => {
    const variables = {
      AWS_ROLE_EXTERNAL_ID: 'x',
      OTEL_USE_INSECURE_GRPC: 'true',
      LOG_LEVEL: 'warning',
      LISTEN_PORT: '1',
    };
    const files = { 'config.yaml': CONFIG.replace(', override.yaml', ''), 'rules.yaml': QUIET };
    expect(await check(files, '.', variables)).toEqual({
      code: 0,
      errors: '',
      output:
        'nothing in the rules and the config acts otherwise than in the Go engine\nthe rules are valid: 1 rule in 1 file\n',
    });
  });

  it('tells of rules that are looked for beside the config now', async () => {
    const files = { 'config.yaml': 'rules_files: [rules.yaml]\n', 'rules.yaml': QUIET };
    const { code, output } = await check(files, 'elsewhere');
    expect(code).toBe(0);
    expect(output).toContain('config.yaml:1:1: differs: in the Go engine, it starts at the working directory; here');
  });

  it('names what nobody brings and what nobody knew, and leaves the differences for later', async () => {
    const rules = QUIET.replace('grace_period_seconds: 0', 'grace_period: 0').replace(
      '  notifiers: [k8sevents]',
      `    - action: Tell the cloud
      actionner: aws:lambda
      additional_contexts: [aws]
      parameters: { aws_lambda_name: a }
    - action: Keep the log
      actionner: kubernetes:log
      output: { target: "minio:s3", parameters: { bucket: a } }
  notifiers: [slack]`,
    );
    const { code, output, errors } = await check({ 'config.yaml': 'rules_files: [rules.yaml]\n', 'rules.yaml': rules });
    expect(code).toBe(1);
    expect(output).toBe('');
    for (const part of ['actionner "aws:lambda"', 'context "aws"', 'output "minio:s3"', 'notifier "slack"'])
      expect(errors).toContain(` ${part}`);
    expect(errors).toContain(
      'unknown key "grace_period"; did you mean grace_period_seconds? (allowed here: grace_period_seconds, ',
    );
    expect(errors).toContain('What acts otherwise than in the Go engine is told once nothing is wrong.');
  });
});
