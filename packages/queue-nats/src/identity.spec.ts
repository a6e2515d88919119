import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fit, silentLogger, type Queue } from '@falco-talon/core';
import { createAuthority } from '@falco-talon/fake-kubernetes';
import { createUser } from '@nats-io/nkeys';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainQueue, queueMessage } from '@falco-talon/testkit/queue';
import { nats } from './nats-driver.ts';
import { operatorMode } from './spec/jwt.ts';
import { endServers, missing, startNats } from './spec/nats-server.ts';

describe.skipIf(missing)('a connection', { timeout: 20_000 }, () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'queue-nats-identity-'));
  });
  afterAll(async () => {
    await endServers();
    await rm(directory, { recursive: true, force: true });
  });

  /** As the host opens it, with settings from a file. */
  async function open(given: Record<string, unknown>): Promise<Queue> {
    const { value, issues } = fit(nats.settings, { timeout_seconds: 2, ...given });
    expect(issues).toEqual([]);
    return nats.open({
      settings: value,
      directory,
      logger: silentLogger,
      now: Date.now,
      signal: new AbortController().signal,
      span: (_, work) => work(),
    });
  }

  async function works(given: Record<string, unknown>): Promise<void> {
    const queue = await open(given);
    await queue.publish([queueMessage('m')]);
    expect(await queue.depth()).toMatchObject({ pending: 1 });
    await queue.close();
  }

  const refused = { code: 'queue_failed', message: expect.stringContaining('does not accept the credentials') };
  const user = createUser();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const operator = operatorMode();

  it.each([
    [
      'a user',
      'authorization { user: talon, password: secret }',
      { user: 'talon', password: 'secret' },
      { user: 'talon', password: 'other' },
    ],
    ['a token', 'authorization { token: secret }', { token: 'secret' }, { token: 'other' }],
    [
      'an NKey',
      `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
      { nkey_seed: text(user.getSeed()) },
      { nkey_seed: text(createUser().getSeed()) },
    ],
    ['credentials', operator.config, { creds: operator.creds }, { creds: operatorMode().creds }],
  ])(
    'with %s is accepted; with another one, or none, it is refused with a sentence',
    async (_, config, right, wrong) => {
      const { url } = await startNats(config);
      await works({ servers: [url], ...right });
      await expect(open({ servers: [url], ...wrong })).rejects.toMatchObject(refused);
      await expect(open({ servers: [url] })).rejects.toMatchObject(refused);
    },
  );

  it('over TLS trusts the authority it is given, shows its certificate, and says what is missing', async () => {
    const authority = createAuthority();
    const files = {
      'ca.pem': authority.certificate,
      ...named('server', authority.issueServer()),
      ...named('client', authority.issueClient('talon', [])),
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
    const at = (name: string) => JSON.stringify(join(directory, name));
    const { port } = await startNats(
      `tls { cert_file: ${at('server.pem')}, key_file: ${at('server.key')}, ca_file: ${at('ca.pem')}, verify: true }`,
    );
    const servers = [`tls://127.0.0.1:${port}`];
    const own = { ca_file: 'ca.pem', cert_file: 'client.pem', key_file: 'client.key' };
    await works({ servers, ...own });
    await expect(open({ servers })).rejects.toThrow(/no trusted TLS connection .*queue\.nats\.ca_file/);
    await expect(open({ servers, ca_file: 'gone.pem' })).rejects.toThrow(
      /queue\.nats\.ca_file: .*gone\.pem cannot be read/,
    );
    await expect(open({ servers, ca_file: 'ca.pem', cert_file: 'client.pem' })).rejects.toThrow(
      'cert_file and key_file belong together',
    );
    await expect(open({ servers, ca_file: 'ca.pem' })).rejects.toMatchObject({ code: 'queue_failed' });
  });

  it('with only the rights that are documented does its work', async () => {
    const rights = 'publish: ["$JS.API.>", "$JS.ACK.>", "falco-talon.>"], subscribe: ["_INBOX.>", "falco-talon.nudge"]';
    const { url } = await startNats(`authorization { users: [{ user: a, password: a, permissions: { ${rights} } }] }`);
    const queue = await open({ servers: [url], user: 'a', password: 'a' });
    await queue.publish([queueMessage('m', { dedup: { key: 'x', window: 1000 } })]);
    const [delivery] = await drainQueue(queue, 1, async (given) => {
      await given.append([{ step: 's', kind: 'intent', data: 1 }]);
      await given.settle({ kind: 'dead', reason: 'poison' });
    });
    expect(delivery?.message.id).toBe('m');
    expect(await queue.deadLetters?.drop(['m'])).toEqual(['m']);
    await queue.ready();
    await queue.close();
  });

  it('to nothing, without JetStream, or without permission is refused with what to do; no password is shown', async () => {
    for (const password of ['hunter2', 'hunt@r2', 'h@nt@r2']) {
      await expect(open({ servers: [`nats://talon:${password}@127.0.0.1:1`] })).rejects.toMatchObject({
        message: 'NATS at nats://127.0.0.1:1 cannot be used: nothing listens there (connection refused).',
      });
    }
    await expect(open({ servers: ['nats://talon:hunt/r2@127.0.0.1:1'] })).rejects.toThrow(/^(?!.*r2)NATS at nats:/);
    await expect(open({ user: 'talon', token: 'secret' })).rejects.toThrow('give one of user, token, not all of them');
    const plain = await startNats('accounts { A: { users: [{ user: a, password: a }] } }');
    await expect(open({ servers: [plain.url], user: 'a', password: 'a' })).rejects.toThrow(/JetStream is not enabled/);
    const barred = await startNats(
      'authorization { users: [{ user: a, password: a, permissions: { publish: "nothing" } }] }',
    );
    await expect(open({ servers: [barred.url], user: 'a', password: 'a' })).rejects.toThrow(/permission/i);
  });
});

function named(name: string, { certificate, key }: { certificate: string; key: string }): Record<string, string> {
  return { [`${name}.pem`]: certificate, [`${name}.key`]: key };
}
