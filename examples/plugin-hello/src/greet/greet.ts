import { defineActionner, podTarget, POD_FIELDS, strictObject, Type } from '@falco-talon/core';
import { greeter } from '../greeter/greeter.ts';

/** `hello:greet`: the smallest action there is. It greets the pod an alert is about, and changes nothing. */
export const greet = defineActionner({
  name: 'greet',
  description: 'Greets the pod.',
  stability: 'alpha',
  sources: ['syscall'],
  continue: true,
  output: 'none',
  parameters: strictObject({
    title: Type.String({ description: 'Written before the name of the pod.', default: 'pod', maxLength: 40 }),
  }),
  uses: { greeter },
  requiredFields: POD_FIELDS,
  idempotent: true,
  permissions: [],
  examples: [
    { description: 'Greet the pod', parameters: { title: 'pod' } },
    { description: 'Greet it with respect', parameters: { title: 'dear pod' } },
  ],
  target: ({ event }) => podTarget(event),
  async preview({ event, parameters }) {
    return `would greet ${parameters.title} ${podTarget(event).name}`;
  },
  async run({ event, parameters, clients, span }) {
    const { name, namespace } = podTarget(event);
    const greeting = await span('greet', () => clients.greeter.greet(`${parameters.title} ${name}`));
    return { status: 'success', message: greeting, objects: { pod: name, namespace } };
  },
});
