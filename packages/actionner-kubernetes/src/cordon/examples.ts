export const examples = [{ description: 'Let no further pod be scheduled to the node', parameters: {} }] as const;
