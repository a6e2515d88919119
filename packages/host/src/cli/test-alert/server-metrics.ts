/** One number of a Prometheus page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const PREFIX = 'falcosecurity_falco_talon_';

/** The program's own numbers on a page in Prometheus' text format, under their names without the prefix. */
export function readMetrics(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const found = /^falcosecurity_falco_talon_(\w+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found || line.startsWith(`${PREFIX}stage_`)) continue;
    samples.push({ name: found[1]!, labels: labelsOf(found[2] ?? ''), value: Number(found[3]) });
  }
  return samples;
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  const unescaped = (value: string) => value.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name!, unescaped(value!)]));
}

/** How much each counter has grown; those that have not are left out. */
export function growth(before: readonly Sample[], after: readonly Sample[]): readonly Sample[] {
  const key = ({ name, labels }: Sample) => JSON.stringify([name, labels]);
  const earlier = new Map(before.map((sample) => [key(sample), sample.value]));
  return after
    .filter(({ name }) => name.endsWith('_total'))
    .map((sample) => ({ ...sample, value: sample.value - (earlier.get(key(sample)) ?? 0) }))
    .filter(({ value }) => value > 0);
}

export function sum(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);
}
