import type { Scenario } from './scenario.ts';
import { brokenConnections } from './scenarios/broken-connections.ts';
import { clockJumps } from './scenarios/clock-jumps.ts';
import { crashAtEachBoundary } from './scenarios/crash-at-each-boundary.ts';
import { failingApi } from './scenarios/failing-api.ts';
import { goneAndConflict } from './scenarios/gone-and-conflict.ts';
import { hugeBodies } from './scenarios/huge-bodies.ts';
import { malformedAlerts } from './scenarios/malformed-alerts.ts';
import { killedUnderLoad, killedUnderLoadNats } from './scenarios/killed-under-load.ts';
import { natsPartition } from './scenarios/nats-partition.ts';
import { poison } from './scenarios/poison.ts';
import { restartWithBacklog } from './scenarios/restart-with-backlog.ts';
import { silentApi } from './scenarios/silent-api.ts';
import { slowSenders } from './scenarios/slow-senders.ts';
import { stoppedTwice } from './scenarios/stop-twice.ts';
import { stopUnderLoad } from './scenarios/stop-under-load.ts';
import { throttledApi } from './scenarios/throttled-api.ts';
import { endlessExec } from './scenarios/endless-exec.ts';
import { rotatedCredentials } from './scenarios/rotated-credentials.ts';
import { rulesChangeUnderLoad } from './scenarios/rules-change-under-load.ts';
import { configmapSwap } from './scenarios/configmap-swap.ts';
import { stalledWebhook } from './scenarios/stalled-webhook.ts';
import { forgedAlert } from './scenarios/forged-alert.ts';
import { selfAction } from './scenarios/self-action.ts';
import { crowdedTarget } from './scenarios/crowded-target.ts';
import { deadNotifier } from './scenarios/dead-notifier.ts';
import { failingNotifiers } from './scenarios/failing-notifiers.ts';
import { flood } from './scenarios/flood.ts';
import { missingRight } from './scenarios/missing-right.ts';
import { diskFull } from './scenarios/disk-full.ts';
import { flippedBits } from './scenarios/flipped-bits.ts';
import { redrive } from './scenarios/redrive.ts';
import { frozenLeader } from './scenarios/frozen-leader.ts';
import { rollingReplicas } from './scenarios/rolling-replicas.ts';
import { partedReplicas, splitReplicas } from './scenarios/split-replicas.ts';
import { splitNats } from './scenarios/split-nats.ts';
import { tornJournal } from './scenarios/torn-journal.ts';

/** Every fault, in the order it is told. */
export const SCENARIOS: readonly Scenario[] = [
  killedUnderLoad,
  killedUnderLoadNats,
  restartWithBacklog,
  natsPartition,
  splitNats,
  splitReplicas,
  partedReplicas,
  frozenLeader,
  rollingReplicas,
  crashAtEachBoundary,
  stopUnderLoad,
  stoppedTwice,
  throttledApi,
  failingApi,
  silentApi,
  brokenConnections,
  clockJumps,
  goneAndConflict,
  endlessExec,
  rotatedCredentials,
  rulesChangeUnderLoad,
  configmapSwap,
  stalledWebhook,
  missingRight,
  deadNotifier,
  failingNotifiers,
  crowdedTarget,
  flood,
  poison,
  malformedAlerts,
  hugeBodies,
  slowSenders,
  selfAction,
  forgedAlert,
  tornJournal,
  flippedBits,
  diskFull,
  redrive,
];
