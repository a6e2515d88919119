import { isTalonError, TalonError } from '@falco-talon/core';
import { kubernetesFailure } from './failure.ts';
import type { EvictOptions, ObjectName } from './kubernetes.ts';
import { PODS } from './kubernetes.ts';
import type { Limits } from './limits.ts';
import { objectPath, resourceText } from './path.ts';
import { perform, type Call, type Session } from './transport/call.ts';

/** The API server's words, with status 500 and no reason, as if it could pass. */
const TWO_BUDGETS = /more than one PodDisruptionBudget/;

export async function evictPod(
  session: Session,
  limits: Limits,
  pod: Required<ObjectName>,
  options: EvictOptions,
): Promise<void> {
  const { name, namespace } = pod;
  const call: Call = {
    method: 'POST',
    path: objectPath(PODS, pod, 'eviction'),
    body: JSON.stringify({
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: {
        gracePeriodSeconds: options.gracePeriodSeconds,
        preconditions: options.uid === undefined ? undefined : { uid: options.uid },
        dryRun: options.dryRun ? ['All'] : undefined,
      },
    }),
    contentType: 'application/json',
    verb: 'create',
    resource: resourceText(PODS, 'eviction'),
    namespace,
    name,
    signal: options.signal,
  };
  try {
    await perform(session, call, limits);
  } catch (error) {
    const failure = kubernetesFailure(error);
    if (!isTalonError(error) || failure?.status !== 500 || !TWO_BUDGETS.test(failure.message)) throw error;
    throw new TalonError('rejected', error.message, { cause: failure });
  }
}
