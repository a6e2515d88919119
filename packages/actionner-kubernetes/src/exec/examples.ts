export const examples = [
  {
    description: 'Note who did what: values of the alert are variables, never part of the command',
    parameters: { command: 'echo "$USER_NAME ran $PROC_NAME"', shell: '/bin/sh', timeout: 60 },
  },
  {
    description: 'In a named container, for at most five seconds',
    parameters: { command: 'ls -la "${FD_DIRECTORY:-.}"', shell: '/bin/sh', container: 'main', timeout: 5 },
  },
] as const;
