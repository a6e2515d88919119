import { describe, expect, it } from 'vitest';
import { CONFIG, served, type Line } from './testing-served.ts';

const on = (address: string, more = '') => ({ 'config.yaml': `${CONFIG.replace('127.0.0.1', address)}${more}` });
const TOKEN = 'a-token-long-enough';

async function withServer(
  files: Readonly<Record<string, string>>,
  work: (started: Line, lines: readonly Line[]) => Promise<void>,
) {
  const { signals, ran, line, lines } = served([], files);
  const started = await line({ message: 'server started' });
  await work(started, lines());
  signals.emit('SIGTERM');
  expect(await ran).toMatchObject({ code: 0 });
}
const unguarded = ({ message }: Line) => String(message).startsWith('everybody who can reach this server');

describe('a server anybody can reach', () => {
  it('says so loudly when it knows no sender', async () => {
    await withServer(on('0.0.0.0'), async (_, lines) => {
      expect(lines.filter(unguarded)).toMatchObject([{ level: 'warn', address: '0.0.0.0' }]);
    });
  });

  it.each([
    ['on loopback', on('127.0.0.1')],
    ['with a token', on('0.0.0.0', `intake: {auth: {tokens: [${TOKEN}]}}\n`)],
    ['with allowed addresses', on('0.0.0.0', 'intake: {auth: {allowed_senders: [127.0.0.1]}, require_auth: true}\n')],
  ])('has nothing to say %s', async (_, files) => {
    await withServer(files, async (_started, lines) => expect(lines.filter(unguarded)).toEqual([]));
  });

  it('does not start when authentication is required and there is none', async () => {
    const { ran } = served([], on('0.0.0.0', 'intake: {require_auth: true}\n'));
    const { code, stderr } = await ran;
    expect(code).toBe(1);
    expect(stderr).toContain('intake.require_auth');
    expect(stderr).toContain('intake.auth');
  });
});

describe('probes and metrics', () => {
  it('have a port of their own when they are given one, and are nowhere else', async () => {
    const files = on('127.0.0.1', `monitoring: {listen_port: 0}\nintake: {auth: {tokens: [${TOKEN}]}}\n`);
    await withServer(files, async ({ port, monitoring_port: other }) => {
      const status = async (to: unknown, path: string, headers: Record<string, string> = {}) =>
        (await fetch(`http://127.0.0.1:${String(to)}${path}`, { headers })).status;
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        expect(await status(other, path)).toBe(200);
        expect(await status(port, path)).toBe(401);
        expect(await status(port, path, { authorization: `Bearer ${TOKEN}` })).toBe(404);
      }
      const alert = await fetch(`http://127.0.0.1:${String(other)}/`, { method: 'POST', body: '{"rule":"x"}' });
      expect(alert.status).toBe(404);
    });
  });
});
