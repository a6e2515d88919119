import { testHostileNames } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import type { TestCluster } from '../spec/cluster.ts';
import { startWorld, worldOf } from '../spec/every-actionner.ts';
import plugin from './index.ts';

const CAPTURES = ['tcpdump', 'sysdig'];
const ACTIONNERS = (plugin.actionners ?? []).flatMap((actionner) =>
  CAPTURES.includes(actionner.name) ? [[actionner.name, actionner] as const] : [],
);

describe.each(ACTIONNERS)('%s', (name, actionner) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startWorld();
  });
  afterAll(() => cluster.close());
  testHostileNames(
    actionner,
    worldOf(name, () => cluster),
  );
});
