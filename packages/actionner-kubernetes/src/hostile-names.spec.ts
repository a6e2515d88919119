import { testHostileNames } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import type { TestCluster } from '../spec/cluster.ts';
import { startWorld, worldOf } from '../spec/every-actionner.ts';
import plugin from './index.ts';

/** They start processes: in files of their own, beside this one. */
const SLOW = ['exec', 'script', 'download', 'tcpdump', 'sysdig'];
const ACTIONNERS = (plugin.actionners ?? []).flatMap((actionner) =>
  SLOW.includes(actionner.name) ? [] : [[actionner.name, actionner] as const],
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
