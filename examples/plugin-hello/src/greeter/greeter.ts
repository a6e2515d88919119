import { defineClient, strictObject, Type } from '@falco-talon/core';

/** What actionners get as `clients.greeter`. An interface, so that a test can hand in a fake. */
export interface Greeter {
  readonly greet: (name: string) => Promise<string>;
}

/** Created once per process, when the first rule needs it. A real one would connect to a service here. */
export const greeter = defineClient({
  id: 'hello',
  section: 'hello',
  settings: strictObject({
    greeting: Type.String({ description: 'The words before the name.', default: 'Hello', minLength: 1 }),
  }),
  async create({ settings, logger }): Promise<Greeter> {
    logger.debug('greeter created', { greeting: settings.greeting });
    return { greet: async (name) => `${settings.greeting}, ${name}!` };
  },
});
