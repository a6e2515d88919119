/** A whole number from 0 to below the limit. */
export type Random = (limit: number) => number;

/** Park and Miller's generator: the same inputs on every run. */
export function createRandom(seed = 20_261_122): Random {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

export function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)]!;
}

/** The text with one place changed: cut, a piece put in, a piece written over it, or what stands there doubled. */
export function mutate(text: string, pieces: readonly string[], random: Random): string {
  const at = random(text.length + 1);
  const length = random(8);
  switch (random(4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + pick(pieces, random) + text.slice(at);
    case 2:
      return text.slice(0, at) + pick(pieces, random) + text.slice(at + 1);
    default:
      return text.slice(0, at) + text.slice(at, at + length * 3).repeat(random(6)) + text.slice(at);
  }
}
