export const examples = [{ description: 'Delete the object somebody made or changed', parameters: {} }] as const;
