import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithThisProcess } from '@falco-talon/testkit/server';

const children = new Set<ChildProcess>();

/** Ends every server a failed test may have left. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
}

/** All a program under test has of this one's: where programs are, and where the run of the tests keeps what was compiled. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  ...(process.env['NODE_COMPILE_CACHE'] !== undefined && { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }),
};

const MAIN = join(import.meta.dirname, 'main.ts');

/** A directory of its own with these files; `remove` when done. */
export function directoryOf(files: Readonly<Record<string, string>>): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'talon-program-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TalonProcess {
  readonly child: ChildProcess;
  /** What it wrote to its error output. */
  stderr(): string;
  /** Waits for a log line that contains the text. */
  line(text: string): Promise<string>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface RunningTalon extends TalonProcess {
  readonly port: number;
  /** Sends one alert. */
  alert(body: string): Promise<Response>;
}

/** The server as a process of its own, from sources; resolves when it listens. The config must say `listen_port: 0`. */
export async function startTalon(
  directory: string,
  argv: readonly string[] = [],
  stdout: 'pipe' | number = 'pipe',
): Promise<RunningTalon> {
  const talon = spawnTalon(directory, argv, stdout);
  const started =
    typeof stdout === 'number' ? undefined : (JSON.parse(await talon.line('server started')) as { port: number });
  const port = started?.port ?? 0;
  const alert = (body: string) =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  return { ...talon, port, alert };
}

/** The same without waiting for anything. */
export function spawnTalon(
  directory: string,
  argv: readonly string[] = [],
  stdout: 'pipe' | number = 'pipe',
): TalonProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@falco-talon/source', MAIN, 'server', '-c', 'config.yaml', ...argv],
    { cwd: directory, stdio: ['ignore', stdout, 'pipe'], env: { ...ENVIRONMENT, HOME: directory } },
  );
  endWithThisProcess(child);
  children.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  let errors = '';
  child.stderr!.on('data', (chunk) => (errors += String(chunk)));
  let output = '';
  const waiting = new Set<() => void>();
  child.stdout?.on('data', (chunk) => {
    output += String(chunk);
    for (const look of waiting) look();
  });
  const line = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = output.split('\n').find((candidate) => candidate.includes(text));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended before it wrote ${JSON.stringify(text)}: ${errors}`)));
    });
  return { child, stderr: () => errors, line, ended };
}

/** A plugin whose actionners break every promise, as a module that needs no package. */
export const BAD_PLUGIN = `
const actionner = (name, run, limit = 300) => ({
  kind: 'actionner', apiVersion: 1, name, description: 'd', stability: 'alpha', sources: 'any', continue: true, output: 'none',
  idempotent: true, permissions: [], examples: [{ description: 'd', parameters: {} }],
  parameters: { type: 'object', properties: {}, additionalProperties: false },
  target: () => undefined, timeLimit: () => limit, run,
});
export default {
  kind: 'plugin', apiVersion: 1, name: 'bad', category: 'bad',
  actionners: [
    actionner('exit', async () => process.exit(0)),
    actionner('late', async () => { setTimeout(() => { throw new Error('thrown late'); }); Promise.reject(new Error('rejected late')); return { status: 'success', message: 'm' }; }),
    actionner('never', () => new Promise(() => {})),
    actionner('stubborn', () => new Promise(() => setInterval(() => {}, 1000)), 600_000),
    actionner('loop', async () => { for (;;); }),
    actionner('fine', async () => ({ status: 'success', message: 'fine' })),
  ],
};
`;

export const ruleFor = (name: string) =>
  `- rule: ${name}\n  match: { rules: [${name}] }\n  actions:\n    - { action: ${name}, actionner: "bad:${name}" }\n`;
