import { TalonError, type Intake, type Queue, type QueueDriver, type Scope } from '@falco-talon/core';
import type { EngineSettings } from '../lifecycle/engine.ts';
import type { Registry } from '../registry/registry.ts';

export interface OpenedQueue {
  readonly driver: QueueDriver;
  readonly queue: Queue;
}

/**
 * The queue of the configuration, with its settings.
 * @throws TalonError `invalid_config` when no plugin brings it; what the queue itself throws when it cannot be opened
 */
export async function openQueue(
  settings: Pick<EngineSettings, 'queueType' | 'sections' | 'dataDirectory'>,
  registry: Pick<Registry, 'queues'>,
  scope: Scope,
  intake?: Intake,
): Promise<OpenedQueue> {
  const driver = registry.queues.get(settings.queueType)?.part;
  if (!driver) {
    throw new TalonError(
      'invalid_config',
      `queue.type: no loaded plugin brings the queue ${JSON.stringify(settings.queueType)}; there are ${[...registry.queues.keys()].join(', ')}`,
    );
  }
  const queue = await driver.open({
    ...scope,
    settings: settings.sections.queues.get(driver.name)?.value ?? {},
    directory: settings.dataDirectory,
    ...(intake && { intake }),
  });
  return { driver, queue };
}
