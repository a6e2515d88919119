import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FakeKubernetes } from '@falco-talon/fake-kubernetes';
import { startShop, watchRequests } from '../harness/index.ts';
import type { Scenario } from '../scenario.ts';

/** Calls that may still show the old token when the API server forgets it at once: those on their way. */
const ON_THEIR_WAY = 5;

export const rotatedCredentials: Scenario = {
  name: 'rotated-credentials',
  title: 'the token and the certificate authority are replaced again and again; the old ones count no more at once',
  async run(run) {
    const full = run.size === 'full';
    const file = (name: string) => join(run.directory, name);
    // In the same turn as the change itself: as for the program, the file is never older than what the server accepts.
    const replace = (name: string, text: string) => {
      writeFileSync(file(`${name}.new`), text);
      renameSync(file(`${name}.new`), file(name));
    };
    const shop = await startShop(run, {
      kubeconfig(fake) {
        replace('token', fake.tokenOf());
        replace('ca.crt', fake.ca);
        return kubeconfig(fake, file);
      },
    });
    const { fake, talon } = shop;
    const times = watchRequests(fake);
    const sender = shop.send({ perSecond: 50 });
    const rounds = full ? 5 : 4;
    for (let n = 0; n < rounds; n++) {
      await delay(full ? 60_000 : 300);
      if (n % 2 === 0) replace('token', fake.rotateToken());
      else {
        fake.rotateCertificates();
        replace('ca.crt', fake.ca);
        fake.closeConnections();
      }
    }
    await delay(full ? 10_000 : 300);
    await sender.stop();
    const { pid } = talon;
    const result = await shop.settle();
    for await (const { message, error } of talon.lines())
      if (message === 'action' && error !== undefined) run.say(`failed: ${error.slice(0, 200)}`);
    const all = [...times.byObject.values()].flat();
    const refused = all.filter(({ request }) => request.status === 401).length;
    run.say(`${rounds} replacements, ${all.length} calls, ${refused} refused with 401`);
    run.expect('no burst of refused calls', refused <= Math.ceil(rounds / 2) * ON_THEIR_WAY);
    run.expect('no action failed', result.failed === 0);
    run.expect('no restart', talon.starts.length === 1 && talon.pid === pid);
  },
};

function kubeconfig(fake: FakeKubernetes, file: (name: string) => string): string {
  return `
apiVersion: v1
kind: Config
current-context: fake
contexts: [{ name: fake, context: { cluster: fake, user: fake } }]
clusters: [{ name: fake, cluster: { server: '${fake.url}', certificate-authority: '${file('ca.crt')}' } }]
users: [{ name: fake, user: { tokenFile: '${file('token')}' } }]
`;
}
