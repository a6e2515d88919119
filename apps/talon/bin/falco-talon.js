#!/usr/bin/env node
// Plain JavaScript that any Node.js since 18 can run: it finds the runtime the program needs, or says what to do.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = 24;
const CONDITION = '--conditions=@falco-talon/source';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Node.js strips no types inside node_modules, so an installed package always runs what was built.
const fromSources = !/[\\/]node_modules[\\/]/.test(root) && existsSync(join(root, 'src', 'main.ts'));
const main = fromSources ? join(root, 'src', 'main.ts') : join(root, 'dist', 'main.js');
const flags = fromSources ? [CONDITION] : [];
const current = Number(process.versions.node.split('.')[0]) >= NEEDED;

if (!existsSync(main)) fail(`${main} does not exist; run: npm run build`);
else if (current && flags.every((flag) => process.execArgv.includes(flag))) await import(pathToFileURL(main).href);
else if (current) run(process.execPath);
else {
  const node = installedNode();
  if (node) run(node);
  else {
    fail(
      `Node.js ${NEEDED} or later is needed, this is ${process.versions.node} and npm installed no other one. ` +
        'Install it from https://nodejs.org, or run npm ci with optional packages on Linux or Windows.',
    );
  }
}

/** The Node.js that came as an optional package. */
function installedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    const file = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Stripping types from hundreds of files takes as long as all else at start: in a checkout, what was stripped is kept there. */
function environment() {
  if (!fromSources || process.env.NODE_COMPILE_CACHE !== undefined) return process.env;
  return { ...process.env, NODE_COMPILE_CACHE: join(root, '..', '..', 'node_modules', '.cache', 'falco-talon') };
}

/** Becomes the program where the system can do that; else starts it, passes signals on and ends as it ends. */
function run(node) {
  const args = [...process.execArgv, ...flags, main, ...process.argv.slice(2)];
  if (typeof process.execve === 'function' && process.platform !== 'win32')
    process.execve(node, [node, ...args], environment());
  const child = spawn(node, args, { stdio: 'inherit', env: environment() });
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'].filter((name) => name in constants.signals);
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} cannot be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  process.stderr.write(`falco-talon: ${message}\n`);
  process.exitCode = 1;
}
