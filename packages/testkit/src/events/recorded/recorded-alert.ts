/** The body of an alert as a sender writes it, with its spelling of numbers, keys and nulls. */
export interface RecordedAlert {
  readonly name: string;
  /** What is odd about it. */
  readonly about: string;
  /** The body, byte by byte: not necessarily what `JSON.stringify` would write. */
  readonly text: string;
}
