import type { Actionner, Clients, Environment, FalcoEvent, TObject, Uses } from '@falco-talon/core';
import { describe } from 'vitest';
import type { RunOptions } from '../run/attempt.ts';
import type { ClientSettings } from '../run/clients.ts';
import { actionnerAborts } from './actionner-aborts.ts';
import { actionnerDeclaration } from './actionner-declaration.ts';
import { actionnerRuns } from './actionner-runs.ts';
import type { HangOption } from './hang.ts';

export interface ActionnerSuiteOptions<U extends Uses = Uses> {
  /** Alerts it can act on: one of each source it declares. A function is asked after `prepare`. */
  readonly events: readonly FalcoEvent[] | (() => readonly FalcoEvent[]);
  /** Settings of the clients by id. A function is asked after `prepare`, when a fake server knows its port. */
  readonly settings?: ClientSettings | (() => ClientSettings | Promise<ClientSettings>);
  /** Clients used as they are instead. */
  readonly clients?: Partial<Clients<U>> | (() => Partial<Clients<U>>);
  readonly environment?: Environment;
  /** Brings the world into the state in which the examples succeed. Called before every run. */
  readonly prepare?: () => unknown;
  /** The state of the world and the count of requests that write; `false` when it can change nothing. */
  readonly snapshot?: (() => unknown) | false;
  /** Makes the service accept requests without answering; `false` when it calls nothing. */
  readonly hang?: HangOption;
}

/** What one part of the suite needs. */
export interface ActionnerSuite<P extends TObject, F extends TObject, U extends Uses> {
  readonly actionner: Actionner<P, F, U>;
  readonly options: ActionnerSuiteOptions<U>;
  /** Prepares the world, then tells the alerts and what else `runActionner` needs. */
  begin(): Promise<{ readonly events: readonly FalcoEvent[]; readonly run: RunOptions<U> }>;
}

/**
 * The conformance suite of actionners. One line in its spec file:
 * `testActionner(greet, { events: [falcoEvent()], settings: { hello: {} }, snapshot: false, hang: false })`
 */
export function testActionner<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: ActionnerSuiteOptions<U>,
): void {
  const usesClients = Object.keys(actionner.uses ?? {}).length > 0;
  if (usesClients && (options.snapshot === undefined || options.hang === undefined)) {
    throw new Error(
      `testActionner(${actionner.name}): it uses clients, so give snapshot and hang, or false where it changes or calls nothing`,
    );
  }
  const suite: ActionnerSuite<P, F, U> = {
    actionner,
    options,
    async begin() {
      await options.prepare?.();
      const settings = typeof options.settings === 'function' ? await options.settings() : options.settings;
      const clients = typeof options.clients === 'function' ? options.clients() : options.clients;
      return {
        events: typeof options.events === 'function' ? options.events() : options.events,
        run: {
          ...(settings === undefined ? {} : { settings }),
          ...(clients === undefined ? {} : { clients }),
          ...(options.environment === undefined ? {} : { environment: options.environment }),
        },
      };
    },
  };
  describe(`actionner ${actionner.name} conforms`, () => {
    actionnerDeclaration(suite);
    actionnerRuns(suite);
    actionnerAborts(suite);
  });
}
