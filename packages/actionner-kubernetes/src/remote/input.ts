/** The standard input of a command that is open as long as the command: its end would end the command. */
export interface OpenInput {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Whether somebody has begun to read it: the command may be running. */
  begun(): boolean;
  send(text: string): void;
  end(): void;
}

/** @param begin called when somebody begins to read */
export function openInput(first: Uint8Array, begin: () => void): OpenInput {
  const waiting: Uint8Array[] = [first];
  let begun = false;
  let ended = false;
  let wake = (): void => {};

  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    begun = true;
    begin();
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next;
      if (ended) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    bytes: bytes(),
    begun: () => begun,
    send(text) {
      waiting.push(Buffer.from(text));
      wake();
    },
    end() {
      ended = true;
      wake();
    },
  };
}
