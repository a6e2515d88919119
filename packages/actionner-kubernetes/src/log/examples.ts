export const examples = [
  { description: 'The last lines of the container the alert is about', parameters: { tail_lines: 20 } },
  { description: 'More lines, of a named container', parameters: { tail_lines: 500, container: 'main' } },
] as const;
