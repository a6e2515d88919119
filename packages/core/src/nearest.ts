/**
 * The candidate a misspelt word was probably meant to be: the one with the fewest changes, or else the only one that
 * begins with it (`desc`, `gracePeriod`). Undefined when none is close.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  const longer: string[] = [];
  let best: string | undefined;
  // Fewer changes than letters: else every short word would be near every other.
  let bestDistance = Math.min(Math.max(2, Math.ceil(wanted.length / 3)) + 1, wanted.length);
  for (const candidate of candidates) {
    const known = plain(candidate);
    if (wanted.length >= 3 && known.startsWith(wanted) && longer.length < 2) longer.push(candidate);
    const distance = editDistance(wanted, known, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? (longer.length === 1 ? longer[0] : undefined);
}

/** What a message about an unknown word ends with: `; did you mean …?`, or nothing when there is no such candidate. */
export function didYouMean(candidate: string | undefined): string {
  return candidate === undefined ? '' : `; did you mean ${candidate}?`;
}

/** `ignoreDaemonsets` and `ignore_daemonsets` are the same word to somebody who mistypes. */
function plain(word: string): string {
  return word
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[_\-\s]/g, '');
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    // It only gets more from here.
    if (Math.min(...current) >= limit) return limit;
    previous = current;
  }
  return previous[b.length]!;
}
