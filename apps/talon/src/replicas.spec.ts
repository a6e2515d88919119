import type { ReceivedRequest } from '@falco-talon/fake-kubernetes';
import { afterEach, describe, expect, it } from 'vitest';
import { openReplicas, post, type Replicas } from './testing-replicas.ts';

/** The whole program, twice or more, each in a process of its own, without a queue they share. */
describe('several replicas', { timeout: 60_000 }, () => {
  let replicas: Replicas;
  afterEach(() => replicas.close());

  const deleted = (count: number) => replicas.fake.until(() => replicas.deletions().length >= count, 30_000);
  const gone = (...names: string[]) =>
    replicas.fake.until(() => names.every((name) => !replicas.fake.get('pods', 'shop', name)), 30_000);

  /** The leader, then the follower. */
  async function two() {
    const both = await Promise.all(['one', 'two'].map((name) => replicas.start(name)));
    await replicas.fake.until(() => replicas.holder() !== '', 30_000);
    const [leader, follower] = replicas.holder() === 'one' ? both : both.toReversed();
    return [leader!, follower!] as const;
  }

  it('what a follower accepts the leader does, once, also when both get the same alert', async () => {
    replicas = await openReplicas(['a', 'b']);
    const [leader, follower] = await two();
    expect(await post(follower, 'a')).toBe(202);
    expect(await post(follower, 'b')).toBe(202);
    expect(await post(leader, 'b')).toBe(202);
    await gone('a', 'b');
    expect(replicas.deletions().toSorted()).toEqual([`a by ${leader.name}`, `b by ${leader.name}`]);
    expect(await (await fetch(`${follower.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
    const metrics = await (await fetch(`${follower.url}/metrics`)).text();
    expect(metrics).toContain('falco_talon_leader 0');
    expect(metrics).toContain('falco_talon_handovers_total{result="accepted"} 2');
    expect(await (await fetch(`${leader.url}/metrics`)).text()).toContain('falco_talon_leader 1');
  });

  it('a leader that is killed is followed by another, which does what it has accepted meanwhile', async () => {
    replicas = await openReplicas(['a', 'b']);
    const [leader, follower] = await two();
    await post(follower, 'a');
    await gone('a');
    await leader.kill();
    expect(await post(follower, 'b')).toBe(202);
    await replicas.held(follower.name);
    await gone('b');
    expect(replicas.deletions()).toEqual([`a by ${leader.name}`, `b by ${follower.name}`]);
  });

  it('a leader frozen for longer than its lease changes nothing when it wakes, and is a candidate again', async () => {
    replicas = await openReplicas(['a', 'b', 'c']);
    const [leader, follower] = await two();
    // It is about to act: the answer to its last look comes while it is frozen.
    const look = replicas.fake.fault({ kind: 'hold', match: { user: leader.name, verb: 'get', resource: 'pods' } });
    await post(leader, 'a');
    await replicas.fake.waitForRequest(
      ({ user, verb, resource }) => user === leader.name && verb === 'get' && resource === 'pods',
    );
    leader.freeze();
    look.release();
    await replicas.held(follower.name);
    const before = leader.log().length;
    replicas.fake.clearRequests();
    leader.thaw();
    await leader.logged('this replica does not lead any more', before);
    await gone('a');
    await post(leader, 'b');
    await gone('b');
    expect(replicas.deletions()).toEqual([`a by ${follower.name}`, `b by ${follower.name}`]);
    await follower.kill();
    await replicas.held(leader.name);
    await post(leader, 'c');
    await gone('c');
    expect(replicas.deletions().at(-1)).toBe(`c by ${leader.name}`);
  });

  it('a leader cut off from the API server stops; what it began is found out, not done again, and what it accepts is handed over', async () => {
    replicas = await openReplicas(['a', 'b']);
    const [leader, follower] = await two();
    // It has to have looked for the other one before it is cut off.
    const { length } = replicas.fake.requests;
    await replicas.fake.until(() => replicas.fake.requests.slice(length).some(isLook(leader.name)), 30_000);
    const lost = replicas.fake.fault({ kind: 'no-answer', match: { user: leader.name, method: 'DELETE' } });
    await post(leader, 'a');
    await deleted(1);
    const heal = replicas.partition(leader.name);
    await replicas.held(follower.name);
    expect(await post(leader, 'b')).toBe(202);
    await gone('a', 'b');
    await leader.logged('alerts are handed over');
    heal();
    lost.release();
    expect(replicas.deletions()).toEqual([`a by ${leader.name}`, `b by ${follower.name}`]);
  });

  it('a rolling restart of both loses nothing', async () => {
    const pods = Array.from({ length: 8 }, (_, n) => `pod-${n}`);
    replicas = await openReplicas(pods);
    const [leader, follower] = await two();
    for (const name of pods.slice(0, 2)) await post(follower, name);
    const [ended] = await Promise.all([leader.stop(), post(follower, 'pod-2')]);
    expect(ended).toBe(0);
    await replicas.held(follower.name);
    await post(follower, 'pod-3');
    const next = await replicas.start('three');
    await post(next, 'pod-4');
    const [stopped] = await Promise.all([follower.stop(), post(next, 'pod-5')]);
    expect(stopped).toBe(0);
    await post(next, 'pod-6');
    await replicas.held('three');
    await post(next, 'pod-7');
    await gone(...pods);
    expect(replicas.deletions()).toHaveLength(pods.length);
  });
});

const isLook = (name: string) => (request: ReceivedRequest) =>
  request.user === name && request.verb === 'list' && request.status === 200;
