import { natsMissing } from '@falco-talon/testkit/server';

export { endNatsServers as endServers, startNats, type NatsServer } from '@falco-talon/testkit/server';

const reason = natsMissing();
export const missing = reason !== undefined;
if (missing) console.warn(`specs are left out: ${reason}`);
