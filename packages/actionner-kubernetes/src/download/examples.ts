export const examples = [
  { description: 'The file the alert is about', parameters: { file: '${FD_NAME}', timeout: 300 } },
  { description: 'A file of a named container', parameters: { file: '/etc/hosts', container: 'main', timeout: 60 } },
] as const;
