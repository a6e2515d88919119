import { falcoEvent } from '@falco-talon/testkit';
import { describe, expect, it } from 'vitest';
import { containerOfEvent, findContainer } from './container-of-event.ts';
import type { Pod } from './pod.ts';

const ID = '788861c3cf83';
const full = (short: string) => `containerd://${short.padEnd(64, '0')}`;
const pod: Pod = {
  metadata: { name: 'cart', namespace: 'shop', uid: 'u', resourceVersion: '1' },
  spec: {
    containers: [{ name: 'main' }, { name: 'proxy' }],
    initContainers: [{ name: 'setup' }],
    ephemeralContainers: [{ name: 'debugger' }],
  },
  status: {
    containerStatuses: [
      { name: 'main', containerID: full('aaaaaaaaaaaa') },
      {
        name: 'proxy',
        containerID: full('bbbbbbbbbbbb'),
        lastState: { terminated: { containerID: full('cccccccccccc') } },
      },
    ],
    initContainerStatuses: [{ name: 'setup', state: { terminated: { containerID: full('dddddddddddd') } } }],
    ephemeralContainerStatuses: [{ name: 'debugger', containerID: full('eeeeeeeeeeee') }],
  },
};

describe('the container of an alert', () => {
  const wanted = (id: unknown, name?: unknown) =>
    containerOfEvent(falcoEvent({ fields: { 'container.id': id, 'container.name': name } }));

  it('is known by id and name', () => {
    expect(wanted(ID, 'main')).toEqual({ id: ID, name: 'main' });
    expect(wanted('A'.repeat(64))).toEqual({ id: 'a'.repeat(64) });
  });

  it.each(['host', '<NA>', '', null, 12, '788861c3', `${ID}; rm`, 'x'.repeat(64), 'a'.repeat(65)])(
    'has no id %j',
    (id) => {
      expect(wanted(id)).toEqual({});
    },
  );

  it('has no name that cannot be one, and none when the alert is about the host', () => {
    expect(wanted(ID, '../etc')).toEqual({ id: ID });
    expect(wanted(ID, 'n'.repeat(64))).toEqual({ id: ID });
    expect(wanted('host', 'main')).toEqual({});
    expect(wanted(null, 'host')).toEqual({});
    expect(wanted('<NA>', 'main')).toEqual({ name: 'main' });
    expect(wanted(ID, 'host')).toEqual({ id: ID, name: 'host' });
  });
});

describe('finding the container in the pod', () => {
  it.each([
    ['aaaaaaaaaaaa', 'main', false],
    ['bbbbbbbbbbbb', 'proxy', false],
    ['cccccccccccc', 'proxy', true],
    ['dddddddddddd', 'setup', false],
    ['eeeeeeeeeeee', 'debugger', false],
    ['bbbbbbbbbbbb0000', 'proxy', false],
  ])('by the id %s', (id, container, previous) => {
    expect(findContainer(pod, { id, name: 'main' })).toEqual({ container, previous, by: 'id' });
  });

  it('by name when the id is none of the pod', () => {
    expect(findContainer(pod, { id: 'ffffffffffff', name: 'proxy' })).toEqual({
      container: 'proxy',
      previous: false,
      by: 'name',
    });
  });

  it('is the default one when neither is of the pod', () => {
    expect(findContainer(pod, { id: 'ffffffffffff', name: 'k8s_main_cart' })?.container).toBe('main');
    const annotated = (name: string): Pod => ({
      ...pod,
      metadata: { ...pod.metadata, annotations: { 'kubectl.kubernetes.io/default-container': name } },
    });
    expect(findContainer(annotated('proxy'), {})).toEqual({ container: 'proxy', previous: false, by: 'default' });
    expect(findContainer(annotated('gone'), {})?.container).toBe('main');
  });

  it('never matches by a piece that is not the beginning, or a status without an id', () => {
    expect(findContainer(pod, { id: '000000000000' })?.by).toBe('default');
  });

  it('finds nothing in a pod without containers', () => {
    expect(findContainer({ metadata: pod.metadata }, { id: ID })).toBeUndefined();
  });
});
