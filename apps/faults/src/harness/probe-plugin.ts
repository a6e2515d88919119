/**
 * Text of a plugin that needs no package, for `files` of a server: actionners of the category `probe`, by name, each with
 * the body of its `run({ parameters, event, signal, … })`.
 */
export function probePlugin(actionners: Readonly<Record<string, string>>): string {
  const parts = Object.entries(actionners).map(
    ([name, body]) => `{ ...rest, name: ${JSON.stringify(name)}, run: async (context) => { ${body} } }`,
  );
  return `
const rest = {
  kind: 'actionner', apiVersion: 1, description: 'Does what a test wants.', stability: 'alpha', sources: 'any', continue: true,
  output: 'none', idempotent: true, permissions: [], examples: [{ description: 'd', parameters: {} }],
  parameters: { type: 'object', properties: {}, additionalProperties: false },
  target: () => undefined, timeLimit: () => 4_000,
};
export default { kind: 'plugin', apiVersion: 1, name: 'probe', category: 'probe', actionners: [${parts.join(', ')}] };
`;
}

/** One rule for each of its actionners, matched by a Falco rule of the same name. */
export function probeRules(names: readonly string[]): string {
  return names
    .map(
      (name) =>
        `- { rule: ${name}, match: { rules: [${name}] }, actions: [{ action: ${name}, actionner: 'probe:${name}' }] }\n`,
    )
    .join('');
}
