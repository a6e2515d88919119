export const examples = [
  {
    description: 'Lines that belong together, with values of the alert as variables',
    parameters: {
      script: 'set -eu\nwho=${USER_NAME:-nobody}\necho "rule $FALCO_TALON_RULE: $who"\n',
      shell: '/bin/sh',
      timeout: 60,
    },
  },
  {
    description: 'In a named container, with more time',
    parameters: {
      script: 'for n in 1 2 3; do echo "$n"; done',
      shell: '/bin/sh',
      container: 'main',
      timeout: 300,
    },
  },
] as const;
