import { testHostileNames } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import type { TestCluster } from '../spec/cluster.ts';
import { startWorld, worldOf } from '../spec/every-actionner.ts';
import plugin from './index.ts';

/** They start processes: in a file of their own, beside this one. */
const SHELLS = ['exec', 'script', 'download'];
const ACTIONNERS = (plugin.actionners ?? []).flatMap((actionner) =>
  SHELLS.includes(actionner.name) ? [] : [[actionner.name, actionner] as const],
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
