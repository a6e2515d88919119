import { testPermissions } from '@falco-talon/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import type { TestCluster } from '../spec/cluster.ts';
import { startWorld, worldOf } from '../spec/every-actionner.ts';
import plugin from './index.ts';

const ACTIONNERS = (plugin.actionners ?? []).map((actionner) => [actionner.name, actionner] as const);

describe.each(ACTIONNERS)('%s', (name, actionner) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startWorld();
  });
  afterAll(() => cluster.close());
  testPermissions(
    actionner,
    worldOf(name, () => cluster),
  );
});
