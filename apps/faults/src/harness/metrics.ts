/** What `/metrics` said. */
export interface Metrics {
  readonly text: string;
  /** The sum of the series of a name (without its prefix) whose labels fit; 0 when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
  queue(): { readonly pending: number; readonly dead: number };
}

const PREFIX = 'falcosecurity_falco_talon_';
const SERIES = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;

/** @throws Error when the server does not answer */
export async function readMetrics(url: string): Promise<Metrics> {
  const response = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`the metrics answer ${response.status}: ${text.slice(0, 200)}`);
  const series = text.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = SERIES.exec(line) ?? [];
    return name === '' ? [] : [{ name, labels, value: Number(value) }];
  });
  function value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
    return series
      .filter((one) => one.name === `${PREFIX}${name}` || one.name === name)
      .filter((one) => wanted.every((pair) => one.labels.split(',').includes(pair)))
      .reduce((sum, one) => sum + one.value, 0);
  }
  return {
    text,
    value,
    queue: () => ({
      pending: value('queue_messages', { state: 'pending' }),
      dead: value('queue_messages', { state: 'dead' }),
    }),
  };
}
