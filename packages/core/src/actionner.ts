import type { Static, TObject } from 'typebox';
import type { Clients, Reads, Uses } from './client.ts';
import type { Difference } from './difference.ts';
import type { FalcoEvent } from './event.ts';
import type { Scope } from './scope.ts';
import type { Target } from './target.ts';

export interface Input<P> {
  readonly event: FalcoEvent;
  readonly parameters: P;
}

/** Names of the step, for annotations, object names and messages. The id is the same at every attempt. */
export interface StepNames {
  /** `event/rule/action/n`; names what a step creates, so that a repeat finds the first. */
  readonly id: string;
  readonly rule: string;
  readonly action: string;
  readonly actionner: string;
}

/** What a step may do to its target, as its actionner declares it. */
export type Effect = { readonly [K in 'idempotent' | 'destructive' | 'readOnly']: boolean };

/** What `check`, `preview` and `settled` get: nothing here can change anything. */
export interface ReadContext<P, U extends Uses> extends Scope, Input<P> {
  readonly step: StepNames;
  readonly reads: Reads<U>;
  /**
   * Why this object is kept from such an action: it is Falco Talon's own, or `guard.protected` names it. Undefined: it is not.
   * For an action that changes more than its target, which the guards have judged.
   */
  readonly whyProtected: (object: Target) => string | undefined;
}

export interface Artifact {
  /** Part of the object key; `/` becomes `_` there. */
  readonly name: string;
  readonly mediaType: string;
  /**
   * Asked once the body has ended: true when the source could not give all of it. What came is kept all the same, and
   * marked as truncated. A body that throws leaves nothing behind.
   */
  readonly incomplete?: () => boolean;
}

export interface KeptArtifact {
  readonly bytes: number;
  /** Hex, over the bytes kept. */
  readonly sha256: string;
  /** True when the size limit cut the artifact, or its source says that it is incomplete. */
  readonly truncated: boolean;
}

export interface RunContext<P, U extends Uses, F> extends ReadContext<P, U> {
  readonly clients: Clients<U>;
  /** What `check` found, possibly in an earlier attempt before a crash. */
  readonly facts: F;
  /** The event's values under their token names (`PROC_NAME`); never the server's environment. */
  readonly tokens: () => ReadonlyMap<string, string>;
  /** True when the rule's action has an output, so that an actionner for which it is optional knows where its data goes. */
  readonly hasOutput: boolean;
  /** Resolves when the bytes are on disk: size-limited and hashed. The next step may then destroy the pod. */
  readonly keep: (artifact: Artifact, body: AsyncIterable<Uint8Array>) => Promise<KeptArtifact>;
}

/** `ignored`: a guard of the actionner says this must not be done, and why. */
export type Checked<F> = { readonly facts: F } | { readonly ignored: string };

export interface Result {
  readonly status: 'success' | 'ignored';
  /** One sentence: what was done. */
  readonly message: string;
  /** What was acted on or made: `{ pod: 'cart-x2x9z', namespace: 'shop' }`. */
  readonly objects?: Readonly<Record<string, string>>;
  /** What a remote command or a log printed. The engine limits its size. */
  readonly output?: string;
}

/** Rights a deployment must grant, as data: RBAC and IAM files are generated from it. */
export type Permission =
  | {
      readonly kind: 'kubernetes';
      readonly apiGroup: string;
      readonly resources: readonly string[];
      readonly verbs: readonly string[];
      /** Only needed with these parameters, in words. */
      readonly when?: string;
    }
  | { readonly kind: 'aws' | 'gcp'; readonly actions: readonly string[]; readonly when?: string };

/** Validated when the plugin loads in its conformance suite, executed there, and printed in the reference. */
export interface ActionnerExample<P> {
  readonly description: string;
  readonly parameters: P;
}

export interface ActionnerDefinition<P extends TObject, F extends TObject, U extends Uses> {
  /** The part after the category: `label` in `kubernetes:label`. */
  readonly name: string;
  readonly description: string;
  readonly stability: 'alpha' | 'beta' | 'stable';
  /** Falco sources whose alerts carry what this actionner needs; `any` for all. */
  readonly sources: readonly string[] | 'any';
  /** Whether the rule's next action runs after this one, unless the action says otherwise. */
  readonly continue: boolean;
  readonly output: 'none' | 'allowed' | 'required';
  readonly parameters: P;
  readonly uses?: U;
  /** What `check` hands to `run`, journalled between the two. */
  readonly facts?: F;
  /** An inner list: any one of these. */
  readonly requiredFields?: readonly (string | readonly string[])[];
  /** False: the intent to act is durable before `run`, and a repeat after a crash asks `settled` first. */
  readonly idempotent: boolean;
  /**
   * True: it ends, empties or cuts off something that runs, takes away what is not made again or where it could run, or lets
   * others' commands do so. Guards look closer at it.
   */
  readonly destructive?: boolean;
  /** True: it only reads, so guards need not keep it from anything. */
  readonly readOnly?: boolean;
  readonly permissions: readonly Permission[];
  readonly examples: readonly [ActionnerExample<Static<P>>, ...ActionnerExample<Static<P>>[]];
  /** Where it does something else than its namesake in the Go engine. */
  readonly differences?: readonly Difference[];
  /** What a schema cannot say (exactly one of two keys, a CIDR's syntax). Runs when rules load. */
  validate?(parameters: Static<P>): readonly Issue[];
  /** Pure. Undefined: the action touches nothing that another one could. */
  target(input: Input<Static<P>>): Target | undefined;
  /** Milliseconds for one attempt of check and run together; over 5 s the step runs in the pool of long actions. Default 30 s. */
  timeLimit?(parameters: Static<P>): number;
  check?(context: ReadContext<Static<P>, U>): Promise<Checked<Static<F>>>;
  /** One sentence: what `run` would do. Without it the engine words one from the parameters. */
  preview?(context: ReadContext<Static<P>, U> & { readonly facts: Static<F> }): Promise<string>;
  run(context: RunContext<Static<P>, U, Static<F>>): Promise<Result>;
  /** After a crash or a lost answer: was it done, may it be done again, or can nobody tell? */
  settled?(context: ReadContext<Static<P>, U> & { readonly facts: Static<F> }): Promise<'done' | 'again' | 'unknown'>;
  undo?(context: RunContext<Static<P>, U, Static<F>>): Promise<Result>;
}

export interface Issue {
  /** Keys and indexes from the checked value down. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface Actionner<
  P extends TObject = TObject,
  F extends TObject = TObject,
  U extends Uses = Uses,
> extends ActionnerDefinition<P, F, U> {
  readonly kind: 'actionner';
  readonly apiVersion: 1;
}

export function defineActionner<const P extends TObject, F extends TObject = TObject<{}>, const U extends Uses = {}>(
  definition: ActionnerDefinition<P, F, U>,
): Actionner<P, F, U> {
  return { ...definition, kind: 'actionner', apiVersion: 1 };
}
