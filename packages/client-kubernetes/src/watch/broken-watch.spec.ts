import { describe, expect, it } from 'vitest';
import { PODS } from '../index.ts';
import { next, WatchedShop } from './testing-watch.ts';

const shop = new WatchedShop();

describe('a watch that breaks goes on where it was', () => {
  it.each([
    ['when it is ended', () => shop.api.watches.end()],
    ['when its connection is cut', () => shop.api.closeConnections()],
    [
      'after an error event',
      () => shop.api.watches.fail({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 500 }),
    ],
    ['after a line that is no event', () => shop.api.watches.send('<html>\n')],
    ['after a line that is cut', () => (shop.api.watches.send('{"type":"ADDED","obj'), shop.api.watches.end())],
  ])('%s', async (_, breaks) => {
    const events = shop.watchPods();
    await next(events, 2);
    const first = next(events, 1);
    await shop.asked(1);
    shop.add('c');
    await first;
    const more = next(events, 2);
    breaks();
    shop.add('d');
    shop.label('c', '1');
    expect(await more).toEqual(['added d', 'modified c']);
    expect(shop.api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(1);
    expect(shop.api.requests.at(-1)?.query['resourceVersion']).not.toBe(
      shop.api.requests.at(1)?.query['resourceVersion'],
    );
  });

  it('when it falls silent and never ends', async () => {
    await shop.reconnect({ watchTime: 1_000, watchSilence: 300 });
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await shop.asked(1);
    await shop.api.watches.until(1);
    shop.api.watches.silence();
    shop.add('c');
    expect(await more).toEqual(['added c']);
  });

  it('from the last bookmark', async () => {
    const events = shop.watchPods({ labelSelector: 'x=red' });
    const more = events.next();
    await shop.asked(1);
    for (let n = 0; n < 5; n++) shop.label('a', String(n));
    await shop.api.watches.until(1);
    shop.api.watches.bookmark();
    shop.api.compact();
    shop.api.watches.end();
    await shop.asked(2);
    shop.label('b', 'red');
    expect((await more).value).toMatchObject({ object: { metadata: { name: 'b' } } });
    expect(shop.api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch', 'watch']);
  });

  it('through refusals for the moment', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await shop.asked(1);
    for (const status of [503, 429, 500])
      shop.api.fault({ kind: 'status', status, times: 1, match: { verb: 'watch' } });
    shop.api.fault({ kind: 'reset', times: 1, match: { verb: 'watch' } });
    shop.api.watches.end();
    shop.add('c');
    expect(await more).toEqual(['added c']);
  });

  it('waits as long as it is asked to', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await shop.asked(1);
    shop.api.fault({ kind: 'status', status: 429, retryAfter: 1, times: 1, match: { verb: 'watch' } });
    let waited = false;
    const timer = setTimeout(() => (waited = true), 990);
    shop.api.watches.end();
    shop.add('c');
    await more;
    clearTimeout(timer);
    expect(waited).toBe(true);
  });
});

describe('a watch that missed too much', () => {
  it('lists again and gives what differs', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 4);
    await shop.asked(1);
    await shop.api.watches.until(1);
    shop.api.watches.silence();
    shop.api.remove('pods', 'shop', 'a');
    shop.label('b', '1');
    shop.add('c');
    shop.add('d');
    shop.api.compact();
    shop.api.closeConnections();
    expect(await more).toEqual(['deleted a', 'modified b', 'added c', 'added d']);
    const last = next(events, 1);
    await shop.asked(3);
    shop.add('e');
    expect(await last).toEqual(['added e']);
    expect(shop.api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch', 'watch', 'list', 'watch']);
  });

  it('knows a pod that was made again under its name', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 2);
    await shop.asked(1);
    await shop.api.watches.until(1);
    shop.api.watches.silence();
    shop.api.remove('pods', 'shop', 'a');
    shop.add('a');
    shop.api.compact();
    shop.api.closeConnections();
    expect(await more).toEqual(['deleted a', 'added a']);
  });

  it('tells what vanished to a caller that said what it knew', async () => {
    const { objects, resourceVersion } = await shop.client.snapshot(PODS, {
      namespace: 'shop',
      signal: shop.stop.signal,
    });
    shop.api.remove('pods', 'shop', 'b');
    shop.api.compact();
    const events = shop.watchPods({ resourceVersion, known: objects });
    expect(await next(events, 1)).toEqual(['deleted b']);
  });

  it('reads all pages of the list', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 1001);
    await shop.asked(1);
    await shop.api.watches.until(1);
    shop.api.watches.silence();
    for (let n = 0; n < 1001; n++) shop.add(`pod-${n}`);
    shop.api.compact();
    shop.api.closeConnections();
    expect(new Set(await more).size).toBe(1001);
  });

  it('understands HTTP 410 too', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = next(events, 1);
    await shop.asked(1);
    shop.api.fault({ kind: 'status', status: 410, reason: 'Expired', times: 1, match: { verb: 'watch' } });
    shop.api.watches.end();
    shop.add('c');
    expect(await more).toEqual(['added c']);
    expect(shop.api.requests.filter(({ verb }) => verb === 'list')).toHaveLength(2);
  });

  it('lists again when the server has not come as far', async () => {
    await shop.reconnect({ watchTime: 1_000 });
    const events = shop.watchPods({ resourceVersion: '99999999' });
    expect(await next(events, 2)).toEqual(['added a', 'added b']);
  });
});
