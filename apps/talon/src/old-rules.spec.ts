import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD_PLUGIN, directoryOf, killAll, startTalon } from './testing-program.ts';
import { runIn } from './testing-run.ts';

const fixtures = join(import.meta.dirname, 'old-rules');
const folder = await mkdtemp(join(tmpdir(), 'old-rules-'));
const AGES = ['2021-map', '2022-arguments', '2023-before'];
beforeEach(async () => await cp(fixtures, folder, { recursive: true }));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** `falco-talon`, in a folder with the old rules. */
async function talon(...argv: string[]) {
  const { code, ...printed } = await runIn(folder, argv);
  const [output, errors] = [printed.output, printed.errors].map((one) => one.replaceAll(join(folder, '/'), '')) as [
    string,
    string,
  ];
  return { code, output, errors: errors.split('\n').filter((line) => /^\S/.test(line)) };
}

const ADVICE =
  "the rules of this file are in the syntax of the first releases; falco-talon rules migrate prints them in today's";
const JOINED =
  'all of these tags must be there, as in the releases this rule was written for; later ones read a list as alternatives';
const REORDERED =
  'the rules stand in another order than before: those that ran before all others come first, then those that kept others from running (continue: false)';
const NOTES: Readonly<Record<string, readonly string[]>> = {
  '2021-map': [
    `2021-map.yaml:9:5: warning: ${JOINED} (today: ["container, shell"]) (Stop shells in production.match.tags)`,
  ],
  '2022-arguments': [
    `2022-arguments.yaml:7:5: warning: ${JOINED} (today: ["network, mitre_discovery"]) (Mark first.match.tags)`,
  ],
  '2023-before': [
    '2023-before.yaml:40:3: warning: continue: false is ignored because kubernetes:exec runs before all others, unless the rule says before: false (Keep the processes.continue)',
  ],
};

/** Alerts that differ in all that the rules ask for. */
function alerts(): string {
  const names = [
    'Terminal shell in container',
    'Outbound Connection to C2 Servers',
    'Contact K8S API Server From Container',
  ];
  const tags = [[], ['container', 'shell'], ['network', 'mitre_discovery'], ['T1496']];
  const fields = [
    {},
    { 'k8s.ns.name': 'production', 'proc.tty': 34816 },
    { 'k8s.ns.name': 'kube-system' },
    { 'container.image.repository': 'registry.example.org/a,b' },
  ];
  return names
    .flatMap((rule) => ['Notice', 'Critical'].map((priority) => ({ rule, priority })))
    .flatMap((alert) => tags.map((one) => ({ ...alert, tags: one })))
    .flatMap((alert) => fields.map((one) => JSON.stringify({ ...alert, source: 'syscall', output_fields: one })))
    .join('\n');
}

describe.each(AGES)('rules of %s', (age) => {
  it('load, with the advice to migrate', async () => {
    const { code, output, errors } = await talon('check', '-r', `${age}.yaml`);
    expect(code).toBe(0);
    expect(output).toMatch(/^the rules are valid: \d rules in 1 file\n$/);
    const advice = errors.filter((line) => line.includes(ADVICE));
    expect(advice).toEqual([expect.stringMatching(`^${age}\\.yaml:\\d+:3: warning`)]);
    expect(errors.filter((line) => !line.includes(ADVICE))).toEqual(NOTES[age]);
  });

  it('are printed in today’s syntax, which loads to the same', async () => {
    const { code, output, errors } = await talon('rules', 'migrate', '-r', `${age}.yaml`);
    expect(code).toBe(0);
    await expect(output).toMatchFileSnapshot(join(fixtures, `${age}.migrated.yaml`));
    expect(errors).toEqual([...NOTES[age]!, ...(age === '2021-map' ? [] : [REORDERED])]);
    await writeFile(join(folder, 'migrated.yaml'), output);
    const [old, todays] = [
      await talon('rules', 'print', '-r', `${age}.yaml`),
      await talon('rules', 'print', '-r', 'migrated.yaml'),
    ];
    expect(todays.errors).toEqual([]);
    expect(todays.output).toBe(old.output);
  });

  it('do the same before and after', async () => {
    await writeFile(join(folder, 'alerts.json'), alerts());
    const explain = async () => {
      const { output } = await talon('explain', '--event', 'alerts.json', '-o', 'json', '-r', `${age}.yaml`);
      return JSON.parse(output) as { plan: readonly { rule: string }[] }[];
    };
    const before = await explain();
    const { output: printed } = await talon('rules', 'migrate', '-r', `${age}.yaml`);
    expect((await talon('rules', 'migrate', '--write', '-r', `${age}.yaml`)).output).toBe(
      `${age}.yaml is in today's syntax now\n`,
    );
    expect(await explain()).toEqual(before);
    const plans = before.map(({ plan }) => plan.map(({ rule }) => rule).join(' > '));
    expect([...new Set(plans)]).toMatchSnapshot();
    expect(await readFile(join(folder, `${age}.yaml`), 'utf8')).toBe(printed);
    const again = await talon('rules', 'migrate', '--write', '-r', `${age}.yaml`);
    expect(again).toEqual({ code: 0, output: '', errors: ["all rules are in today's syntax already"] });
  });
});

describe('several files', () => {
  const rest = '- name: rest\n  match: {rules: [A]}\n  action: {name: kubernetes:log}\n';
  const kill = '- name: kill\n  match: {rules: [A]}\n  action: {name: kubernetes:terminate}\n';

  it('are printed as one, and written one by one only when that is the same', async () => {
    await writeFile(join(folder, 'rest.yaml'), rest);
    await writeFile(join(folder, 'kill.yaml'), kill);
    const files = ['-r', 'rest.yaml', '-r', 'kill.yaml'];
    expect((await talon('rules', 'migrate', ...files)).output).toMatch(/^- rule: kill\n[^]*- rule: rest\n/);
    const refused = await talon('rules', 'migrate', '-w', ...files);
    expect(refused).toMatchObject({ code: 1, output: '' });
    expect(refused.errors).toContainEqual(expect.stringMatching(/^nothing was written: .* belong into one file/));
    expect(await readFile(join(folder, 'rest.yaml'), 'utf8')).toBe(rest);
    const others = await talon('rules', 'migrate', '-w', '-r', 'kill.yaml', '-r', 'rest.yaml');
    expect(others).toMatchObject({
      code: 0,
      output: "kill.yaml is in today's syntax now\nrest.yaml is in today's syntax now\n",
    });
  });

  it('are not touched when one has a mistake, or may not be written', async () => {
    await writeFile(join(folder, 'kill.yaml'), kill);
    await writeFile(join(folder, 'wrong.yaml'), rest.replace('log', 'lock'));
    const { code, output, errors } = await talon('rules', 'migrate', '-w', '-r', 'kill.yaml', '-r', 'wrong.yaml');
    expect([code, output]).toEqual([1, '']);
    expect(errors.find((line) => line.includes(' error: '))).toMatch(
      /^wrong\.yaml:3:18: error: unknown actionner "kubernetes:lock"; did you mean kubernetes:log\?/,
    );
    expect(await readFile(join(folder, 'kill.yaml'), 'utf8')).toBe(kill);
  });
});

describe('the server', () => {
  afterEach(killAll);

  it('runs old rules in their turn, and reloads them', async () => {
    const rule = (name: string, rest: string) =>
      `- name: ${name}\n  match: {rules: [x]}\n  action: {name: bad:fine}\n${rest}`;
    const made = directoryOf({
      'config.yaml':
        'listen_address: 127.0.0.1\nlisten_port: 0\nlog_format: json\nrules_files: [rules.yaml]\nplugins: [./bad.mjs]\n',
      'rules.yaml': rule('second', '') + rule('first', '  before: "true"\n'),
      'bad.mjs': BAD_PLUGIN,
    });
    const server = await startTalon(made.path);
    let log = '';
    server.child.stdout?.on('data', (chunk) => (log += String(chunk)));
    await server.line(ADVICE);
    await server.alert('{"rule":"x","output":"1"}');
    await server.line('"rule":"second"');
    await writeFile(join(made.path, 'rules.yaml'), rule('third', '') + rule('alone', '  continue: false\n'));
    await server.line('rules reloaded');
    await server.alert('{"rule":"x","output":"2"}');
    await server.line('"rule":"alone"');
    server.child.kill('SIGTERM');
    await server.ended;
    const lines = log.split('\n').filter((line) => line.includes('"message":"match"'));
    expect(lines.map((line) => (JSON.parse(line) as { rule: string }).rule)).toEqual(['first', 'second', 'alone']);
    made.remove();
  });
});
