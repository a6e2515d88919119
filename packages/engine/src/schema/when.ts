import type { EditorSchema } from './editor-schema.ts';

/** A condition of JSON Schema. What fits `condition` must fit `consequence`, what does not `otherwise`. */
export function when(condition: EditorSchema, consequence: EditorSchema, otherwise?: EditorSchema): EditorSchema {
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword's name
  return { if: condition, then: consequence, ...(otherwise && { else: otherwise }) };
}
