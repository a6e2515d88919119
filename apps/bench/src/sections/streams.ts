import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_CONFIG, startCluster, startTalon } from '@falco-talon/faults/harness';
import { pods, post } from '../load.ts';
import type { Section, Surroundings } from '../measurement.ts';
import { watchResident } from '@falco-talon/testkit/server';

const MB = 1_000_000;
const BYTES = 500 * MB;
const WARM_UP = 20 * MB;
const CAP = 30 * MB;
const WAIT = 600_000;

/** A file of 500 MB out of a container: from the program that reads it to the folder where it is kept. */
export const streams: Section = {
  name: 'streams',
  async run(run) {
    const directory = join(run.directory, 'kept');
    await mkdir(directory);
    const shop = await startCluster(run, { objects: pods(1) });
    const [warmUp, large] = await Promise.all([
      patternFile(join(directory, 'warm-up'), WARM_UP),
      patternFile(join(directory, 'large'), BYTES),
    ]);
    const talon = { rules: rulesFor(directory), kubeconfig: shop.kubeconfig() };
    const server = await startTalon(run, talon);
    await download(run, server.url, directory, warmUp);
    const highestBefore = watchResident(server.pid);
    await delay(1_000);
    const before = highestBefore();
    const highest = watchResident(server.pid);
    const startedAt = performance.now();
    const kept = await download(run, server.url, directory, large);
    const seconds = (performance.now() - startedAt) / 1000;
    const growth = highest() - before;
    await server.stop();

    const capped = await startTalon(run, {
      ...talon,
      name: 'capped',
      config: `${DEFAULT_CONFIG}limits: { artifact_bytes: ${CAP} }\n`,
    });
    const cut = await download(run, capped.url, directory, large);
    const said = capped.log().includes('cut at the size limit');

    return [
      { name: 'MB a second, from the container to the folder', value: BYTES / MB / seconds, unit: 'MB/s' },
      { name: 'growth of resident memory', value: growth, unit: 'MiB', limit: { kind: 'atMost', value: 50 } },
      { name: 'bytes kept', value: kept.bytes, unit: 'bytes', limit: { kind: 'exactly', value: BYTES } },
      same('the same SHA-256', kept.sha256 === large.sha256),
      { name: 'bytes kept of a longer one', value: cut.bytes, unit: 'bytes', limit: { kind: 'exactly', value: CAP } },
      same('the same SHA-256 as its beginning', cut.sha256 === (await sha256Of(large.path, CAP))),
      same('said to be cut', said),
    ];
  },
};

interface Kept {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

function same(name: string, holds: boolean) {
  return { name, value: holds ? 1 : 0, unit: 'yes = 1', limit: { kind: 'exactly', value: 1 } } as const;
}

function rulesFor(directory: string): string {
  const output = { target: 'local:file', parameters: { destination: directory } };
  const download = { actionner: 'kubernetes:download', parameters: { file: '${FD_NAME}' }, output };
  return JSON.stringify([
    { rule: 'Keep', match: { rules: ['Read sensitive file'] }, actions: [{ action: 'Keep it', ...download }] },
  ]);
}

/** Numbers, one after the other: nothing in it comes twice. */
async function patternFile(path: string, bytes: number): Promise<Kept> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  let next = 1;
  for (let left = bytes; left > 0;) {
    const lines: string[] = [];
    for (let n = 0; n < 100_000; n++) lines.push(`${next++}\n`);
    const part = Buffer.from(lines.join('')).subarray(0, left);
    hash.update(part);
    await file.write(part);
    left -= part.length;
  }
  await file.close();
  return { path, bytes, sha256: hash.digest('hex') };
}

/** Sends the alert about a file, and waits until it lies in the folder. */
async function download(run: Surroundings, url: string, directory: string, { path }: Kept): Promise<Kept> {
  const before = new Set(readdirSync(directory));
  const alert = {
    rule: 'Read sensitive file',
    source: 'syscall',
    priority: 'Warning',
    output: 'a file was read',
    time: new Date().toISOString(),
    output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'pod-0', 'fd.name': path },
  };
  await post(run, url, { perSecond: 1, count: 1, body: () => JSON.stringify(alert) });
  for (const until = performance.now() + WAIT; performance.now() < until; await delay(50)) {
    // Whole or not at all: until then it has a name that begins with a dot.
    const made = (await readdir(directory)).find((name) => !before.has(name) && !name.startsWith('.'));
    if (made === undefined) continue;
    const kept = join(directory, made);
    const { size } = await stat(kept);
    const sha256 = await sha256Of(kept, size);
    await rm(kept);
    return { path: kept, bytes: size, sha256 };
  }
  throw new Error('the file was not kept in time');
}

async function sha256Of(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
