/** A place in the queue of one target. */
export interface Ticket {
  /** Resolves when every earlier ticket of the lane has left. */
  readonly head: Promise<void>;
  /** Gives the place up; may be called at any time, more than once. */
  leave(): void;
}

export interface Lanes {
  /**
   * Takes one ticket per lane key, in order. All steps of an event enter at once and events enter in delivery order, so
   * waiting follows one total order: two actions on one target never overlap, keep their order and cannot deadlock.
   * `undefined` is a lane of its own.
   */
  enter(keys: readonly (string | undefined)[]): readonly Ticket[];
  /** Lanes in use. */
  readonly size: number;
}

interface Place {
  readonly arrive: () => void;
  left: boolean;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Place[]>();

  function enter(key: string | undefined): Ticket {
    if (key === undefined) return { head: Promise.resolve(), leave: () => {} };
    const { promise, resolve } = Promise.withResolvers<void>();
    const place: Place = { arrive: resolve, left: false };
    const lane = lanes.get(key);
    if (lane) {
      lane.push(place);
    } else {
      lanes.set(key, [place]);
      place.arrive();
    }
    return { head: promise, leave: () => leave(key, place) };
  }

  function leave(key: string, place: Place): void {
    if (place.left) return;
    place.left = true;
    const lane = lanes.get(key);
    if (lane?.[0] !== place) return;
    while (lane[0]?.left) lane.shift();
    if (lane[0]) lane[0].arrive();
    else lanes.delete(key);
  }

  return {
    enter: (keys) => keys.map(enter),
    get size() {
      return lanes.size;
    },
  };
}
