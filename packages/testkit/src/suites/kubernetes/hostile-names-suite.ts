import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { errorText, type Actionner, type Clients, type FalcoEvent, type TObject, type Uses } from '@falco-talon/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { withFields } from '../../events/falco-event.ts';
import { runActionner, type Outcome } from '../../run/run-actionner.ts';
import { hostileNames, PROBED_FIELDS } from './hostile-names.ts';
import { eventsOf, identities, type KubernetesSuiteOptions, type TestedRequest } from './tested-cluster.ts';

export interface HostileNamesOptions extends KubernetesSuiteOptions {
  /** Fields beside those of the alerts and the usual ones. */
  readonly fields?: readonly string[];
  /** A request for something no run with a harmless alert is about, that is right all the same. */
  readonly alsoAllowed?: (request: TestedRequest) => boolean;
}

interface Run {
  readonly changes: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
}

/** Fields that may be refused before anything else is done, so that the others have to be tried without them. */
const LOOKED_AT = /^(?:k8s\.pod\.uid|container\.id|ka\..*)$/;
/** An artifact's name is part of a path for whoever stores it. */
const SAFE_NAME = /^(?![-.])[\w.-]{1,200}$/;
/** Harmless alerts of more kinds: without a container, with one that is unknown. */
const HARMLESS = [{}, { 'container.id': undefined }, { 'k8s.pod.uid': undefined, 'container.id': 'f'.repeat(12) }];

/** What a request is about, whatever it does with it. */
function subjectOf({ group, resource, namespace, name, query }: TestedRequest): string {
  const { fieldSelector = '', labelSelector = '' } = query;
  return [group, resource, namespace, name, fieldSelector, labelSelector].join(' ');
}

/**
 * Shows that whatever stands in the fields of an alert, requests are only about what they are about with a harmless alert,
 * no shell takes a value for a command, no file appears outside the folder of the pod, and no artifact's name is a path.
 * One line in a spec file: `testHostileNames(label, { cluster: () => cluster, events: [falcoEvent()] })`
 */
export function testHostileNames<P extends TObject, F extends TObject, U extends Uses>(
  actionner: Actionner<P, F, U>,
  options: HostileNamesOptions,
): void {
  describe(`actionner ${actionner.name} and names an attacker chose`, () => {
    const as = identities(options.cluster, actionner.uses);
    const identifying = new Set((actionner.requiredFields ?? []).flat());
    const subjects = new Set<string>();
    let clients: Clients<U>;
    let filesBefore: readonly string[];

    async function begin(index: number): Promise<FalcoEvent | undefined> {
      await options.prepare?.();
      options.cluster().clearRequests();
      return eventsOf(options)[index];
    }
    /** Undefined when there is no such alert. */
    async function outcomeOf(index: number, { changes, parameters, dryRun }: Run): Promise<Outcome | undefined> {
      const event = await begin(index);
      if (event === undefined) return undefined;
      const hasOutput = actionner.output !== 'none';
      return runActionner(actionner, { clients, event: withFields(event, changes), parameters, dryRun, hasOutput });
    }
    function expectContained(outcome: Outcome): void {
      expect(outcome.error?.code, errorText(outcome.error)).not.toBe('plugin_failed');
      const strays = options.cluster().requests.filter((request) => {
        // What the cluster serves is asked about no name.
        if (request.resource === '' || subjects.has(subjectOf(request))) return false;
        return !(options.alsoAllowed?.(request) ?? false);
      });
      expect(strays.map(({ method, path, query }) => [method, path, query])).toEqual([]);
      expect(existsSync(as.unmade()), 'a shell took a value for a command').toBe(false);
      for (const { name } of outcome.artifacts) expect(name).toMatch(SAFE_NAME);
    }
    /** The value in one field after the other, then in many at once, so that none hides behind another that is refused. */
    function runsWith(event: FalcoEvent, value: string): readonly Run[] {
      const { examples } = actionner;
      const fields = [
        ...new Set([...event.fields.keys(), ...PROBED_FIELDS, ...identifying, ...(options.fields ?? [])]),
      ];
      const set = (some: readonly string[]) => Object.fromEntries(some.map((field) => [field, value]));
      const others = fields.filter((field) => !identifying.has(field));
      const free = set(others.filter((field) => !LOOKED_AT.test(field)));
      const { parameters } = examples[0];
      return [
        ...fields
          .filter((field) => identifying.has(field) || LOOKED_AT.test(field))
          .map((field) => ({ changes: set([field]), parameters, dryRun: false })),
        { changes: set(others), parameters, dryRun: false },
        ...examples.flatMap((example) =>
          [true, false].map((dryRun) => ({ changes: free, parameters: example.parameters, dryRun })),
        ),
      ];
    }

    beforeAll(async () => {
      clients = await as.administrator();
      for (let index = 0; (await begin(index)) !== undefined; index++) {
        for (const { parameters } of actionner.examples) {
          for (const changes of HARMLESS) {
            for (const dryRun of [true, false]) {
              const outcome = await outcomeOf(index, { changes, parameters, dryRun });
              if (changes === HARMLESS[0]) expect(outcome?.error, errorText(outcome?.error)).toBeUndefined();
              for (const request of options.cluster().requests) subjects.add(subjectOf(request));
            }
          }
        }
      }
      filesBefore = filesOutside(options);
    });

    it.each(hostileNames('MARK').map((value, index) => [JSON.stringify(value.slice(0, 60)), index] as const))(
      '%s in any field stays where it is',
      async (_, number) => {
        const value = hostileNames(as.unmade())[number] ?? '';
        rmSync(as.unmade(), { force: true });
        for (let index = 0; ; index++) {
          const given = await begin(index);
          if (given === undefined) break;
          for (const run of runsWith(given, value)) {
            const outcome = await outcomeOf(index, run);
            if (outcome) expectContained(outcome);
          }
        }
        expect(filesOutside(options)).toEqual(filesBefore);
      },
    );
  });
}

/** The files in the folders of all containers but those of the pods the alerts are about. */
function filesOutside(options: HostileNamesOptions): readonly string[] {
  const cluster = options.cluster();
  if (cluster.containerFolder === undefined) return [];
  const root = dirname(dirname(dirname(cluster.containerFolder('default', 'none', 'none'))));
  const own = eventsOf(options).map(({ fields }) =>
    join(root, String(fields.get('k8s.ns.name')), String(fields.get('k8s.pod.name'))),
  );
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !own.some((folder) => file.startsWith(folder + sep)))
    .toSorted();
}
