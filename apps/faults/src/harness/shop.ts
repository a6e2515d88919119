import { pod, type FakeKubernetes, type FakeKubernetesInput } from '@falco-talon/fake-kubernetes';
import { alertText } from '@falco-talon/testkit/server';
import type { FaultRun } from '../scenario.ts';
import { startCluster } from './cluster.ts';
import { watchEffects, type Effects } from './effects.ts';
import { account, sayAccount, type Account } from './ledger.ts';
import { startSender, type Load, type Sender } from './sender.ts';
import { startTalon, type Talon, type TalonInput } from './start-talon.ts';

export const FALCO_RULE = 'Terminal shell in container';
const STATUS = { key: 'analysis/status', value: 'suspicious' };
/** Actions at a time: `limits.concurrency` where the configuration does not say otherwise. */
export const CONCURRENCY = 64;
/** Numbers kept free for a sender without an end. */
const ENDLESS = 10_000_000;
/** One call that can be repeated without harm. */
export const LABEL_RULES = `
- rule: Label
  match: { rules: [${FALCO_RULE}] }
  actions: [{ action: label, actionner: kubernetes:label, parameters: { labels: { ${STATUS.key}: ${STATUS.value} } } }]
`;

/** The program, an API server with pods, and alerts, each about a pod of its own. Unless it is given other rules, it labels them. */
export interface Shop {
  readonly fake: FakeKubernetes;
  readonly effects: Effects;
  readonly talon: Talon;
  readonly sent: Sender['sent'];
  /** @param pod the one all of them are about, instead of each about its own
   * @param rule the Falco rule they name, or that of each
   */
  readonly send: (
    load: Pick<Load, 'perSecond' | 'count' | 'connections'>,
    pod?: string,
    rule?: string | ((n: number) => string),
  ) => Sender;
  /**
   * Waits until nothing is queued, stops the program, prints the account and demands that every alert had its effect, and no
   * pod of one alert was changed twice. A call repeated without effect is only told: who repeats them sets the bound, `boundRepeats`.
   */
  readonly settle: (limit?: number) => Promise<Account>;
  /** The same, but alerts may have come to nothing. */
  readonly explain: (limit?: number) => Promise<Account>;
  /** After `settle`: demands that each of so many interruptions repeated at most the calls that can be under way at once. */
  readonly boundRepeats: (interruptions: number) => void;
}

export interface ShopInput {
  readonly talon?: Partial<TalonInput>;
  readonly fake?: FakeKubernetesInput;
  /** Between the two: a kubeconfig that leads through a proxy, say. */
  readonly kubeconfig?: (fake: FakeKubernetes) => Promise<string> | string;
}

export async function startShop(run: FaultRun, input: ShopInput = {}): Promise<Shop> {
  const fake = await startCluster(run, input.fake);
  const effects = watchEffects(fake);
  const kubeconfig = (await input.kubeconfig?.(fake)) ?? fake.kubeconfig();
  const talon = await startTalon(run, { rules: LABEL_RULES, kubeconfig, ...input.talon });
  const senders: Sender[] = [];
  const all = () => senders.flatMap(({ sent }) => sent);
  const sharedPods = new Map<number, string>();
  const podOf = (n: number) => sharedPods.get(n) ?? `pod-${n}`;
  let next = 0;

  async function explain(limit?: number): Promise<Account> {
    await talon.drained(limit);
    await talon.stop();
    const changed = effects.changed();
    const result = await account({
      sent: all(),
      lines: talon.lines(),
      // Of a shared pod nobody can say whose alert it was that changed it.
      hasEffect: ({ n }) => !sharedPods.has(n) && changed.has(podOf(n)),
      killed: talon.kills > 0,
    });
    sayAccount(run, result);
    run.say(`pods changed ${changed.size}; calls repeated without effect: ${effects.idle()}`);
    const shared = new Set(sharedPods.values());
    run.expect(
      'no pod was changed twice',
      effects.twice().every((name) => shared.has(name)),
    );
    return result;
  }

  return {
    fake,
    effects,
    talon,
    get sent() {
      return all();
    },
    send(load, shared, rule = FALCO_RULE) {
      if (shared !== undefined) fake.create(pod({ name: shared, namespace: 'shop' }));
      const sender = startSender(run, talon.url, {
        ...load,
        first: next,
        body(n) {
          if (shared !== undefined) sharedPods.set(n, shared);
          else fake.create(pod({ name: `pod-${n}`, namespace: 'shop' }));
          return alertText(typeof rule === 'string' ? rule : rule(n), podOf(n), n);
        },
      });
      senders.push(sender);
      next += load.count ?? ENDLESS;
      return sender;
    },
    explain,
    boundRepeats(interruptions) {
      const most = interruptions * CONCURRENCY;
      run.expect(`at most ${most} calls were repeated`, effects.idle() <= most);
    },
    async settle(limit) {
      const result = await explain(limit);
      const changed = effects.changed();
      const accepted = all().filter(({ outcome }) => outcome === 'accepted');
      run.expect(
        'every accepted alert had its effect',
        accepted.every(({ n }) => changed.has(podOf(n))),
      );
      return result;
    },
  };
}
