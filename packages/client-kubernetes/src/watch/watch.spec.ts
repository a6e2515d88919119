import { describe, expect, it } from 'vitest';
import { PODS } from '../index.ts';
import { next, WatchedShop } from './testing-watch.ts';

const shop = new WatchedShop();

describe('a watch', () => {
  it('gives what there is, then what changes', async () => {
    const events = shop.watchPods();
    expect(await next(events, 2)).toEqual(['added a', 'added b']);
    const more = next(events, 3);
    await shop.asked(1);
    shop.add('c');
    shop.label('a', '1');
    shop.api.remove('pods', 'shop', 'b');
    expect(await more).toEqual(['added c', 'modified a', 'deleted b']);
  });

  it('costs one list and one watch', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    shop.add('c');
    await next(events, 1);
    expect(shop.api.requests.map(({ verb }) => verb)).toEqual(['list', 'watch']);
  });

  it('from a version lists nothing, and misses nothing', async () => {
    const { resourceVersion } = await shop.client.snapshot(PODS, { namespace: 'shop', signal: shop.stop.signal });
    shop.api.clearRequests();
    shop.add('c');
    const events = shop.watchPods({ resourceVersion });
    expect(await next(events, 1)).toEqual(['added c']);
    expect(shop.api.requests.map(({ verb }) => verb)).toEqual(['watch']);
  });

  it('is about one object when a name is given', async () => {
    const events = shop.watchPods({ name: 'b' });
    expect(await next(events, 1)).toEqual(['added b']);
    const more = next(events, 1);
    shop.label('a', '1');
    shop.label('b', '1');
    expect(await more).toEqual(['modified b']);
    expect(shop.api.requests.at(-1)?.query['fieldSelector']).toBe('metadata.name=b');
  });

  it.each(['b,spec.nodeName=x', '../b', 'B'])('refuses the name %s before anything is sent', async (name) => {
    await expect(shop.watchPods({ name }).next()).rejects.toMatchObject({ code: 'invalid_value' });
    expect(shop.api.requests).toEqual([]);
  });

  it('counts what leaves its selector as deleted', async () => {
    shop.label('a', 'red');
    const events = shop.watchPods({ labelSelector: 'x=red' });
    await next(events, 1);
    const more = next(events, 2);
    await shop.asked(1);
    shop.label('a', 'blue');
    shop.label('b', 'red');
    expect(await more).toEqual(['deleted a', 'added b']);
  });

  it('is over when the caller leaves it, and its connection with it', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    shop.add('c');
    await next(events, 1);
    expect(shop.api.watches.open).toBe(1);
    await events.return(undefined as never);
    await shop.api.watches.until(0);
  });

  it('ends at once with its signal', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const waiting = events.next();
    await shop.asked(1);
    shop.stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives nothing more after an abort, though it has come', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const first = events.next();
    await shop.asked(1);
    const version = shop.api.get('pods', 'shop', 'a');
    const line = `${JSON.stringify({ type: 'MODIFIED', object: version })}\n`;
    shop.api.watches.send(line.repeat(5));
    await first;
    shop.stop.abort();
    await expect(events.next()).rejects.toMatchObject({ code: 'aborted' });
  });

  it('that is not allowed is refused, naming verb and resource', async () => {
    await shop.reconnect({}, 'system:serviceaccount:shop:blind');
    const events = shop.watchPods();
    await next(events, 2);
    const error = await events.next().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'forbidden', retryable: false });
    expect(String(error)).toContain('watch pods in namespace shop');
    expect(shop.api.requests.filter(({ verb }) => verb === 'watch')).toHaveLength(1);
  });

  it('renews its credentials once when they are no longer accepted', async () => {
    const events = shop.watchPods();
    await next(events, 2);
    const more = events.next();
    await shop.asked(1);
    shop.api.rotateToken();
    await shop.api.writeKubeconfig(shop.kubeconfig);
    shop.api.watches.end();
    await shop.asked(2);
    shop.add('c');
    expect((await more).value).toMatchObject({ type: 'added', object: { metadata: { name: 'c' } } });
  });
});
