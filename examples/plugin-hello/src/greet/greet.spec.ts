import { falcoEvent, runActionner, testActionner } from '@falco-talon/testkit';
import { expect, it } from 'vitest';
import { greet } from './greet.ts';

// The whole conformance suite. Greeting changes nothing and calls nothing that could hang.
testActionner(greet, { events: [falcoEvent()], settings: { hello: {} }, snapshot: false, hang: false });

it('greets the pod in the configured words', async () => {
  const outcome = await runActionner(greet, {
    event: falcoEvent({ fields: { 'k8s.pod.name': 'cart-x2x9z', 'k8s.ns.name': 'shop' } }),
    parameters: { title: 'dear pod' },
    settings: { hello: { greeting: 'Good morning' } },
  });
  expect(outcome).toMatchObject({
    status: 'success',
    message: 'Good morning, dear pod cart-x2x9z!',
    objects: { pod: 'cart-x2x9z', namespace: 'shop' },
  });
});

it('takes a fake instead of the real client', async () => {
  const outcome = await runActionner(greet, { clients: { greeter: { greet: async (name) => `<${name}>` } } });
  expect(outcome.message).toBe('<pod cart-x2x9z>');
});

it('says in a dry run what it would do', async () => {
  const outcome = await runActionner(greet, { settings: { hello: {} }, dryRun: true });
  expect(outcome).toMatchObject({ status: 'dry_run', message: 'would greet pod cart-x2x9z' });
});
