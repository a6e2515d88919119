import { printable, type Explanation } from '@falco-talon/engine';

/** What many alerts come to: how often each rule matched, and which never did. */
export function createSummary() {
  const matches = new Map<string, number>();
  let alerts = 0;
  let unanswered = 0;
  return {
    add({ rules }: Explanation): void {
      alerts++;
      for (const { rule, matched } of rules) matches.set(rule, (matches.get(rule) ?? 0) + (matched ? 1 : 0));
      if (!rules.some(({ matched }) => matched)) unanswered++;
    },
    /** Empty for one alert, which needs none. */
    text(): string {
      if (alerts < 2) return '';
      const width = String(alerts).length;
      const lines = Array.from(matches, ([rule, count]) =>
        count === 0
          ? `  ${'0'.padStart(width)}  ${printable(rule)}: never matched`
          : `  ${String(count).padStart(width)}  ${printable(rule)}`,
      );
      const none = `  ${String(unanswered).padStart(width)}  (no rule)`;
      return `${['', `Summary of ${alerts} alerts: how many each rule matched`, ...lines, none].join('\n')}\n`;
    },
  };
}
