import { fit } from '@falco-talon/core';
import { describe, expect, it } from 'vitest';
import { drain } from './drain/drain.ts';
import { exec } from './exec/exec.ts';
import { log } from './log/log.ts';
import { networkpolicy } from './networkpolicy/networkpolicy.ts';
import { sysdig } from './sysdig/sysdig.ts';
import { tcpdump } from './tcpdump/tcpdump.ts';
import { terminate } from './terminate/terminate.ts';

const NAME = '(at most 63 lower-case letters, digits and -, with a letter or digit at both ends)';

describe('a parameter of the wrong form is told what it should be', () => {
  it.each([
    [log, { container: 'Main_1' }, `must be the name of a container ${NAME}, not "Main_1"`],
    [networkpolicy, { allow_namespaces: ['A b'] }, `must be the name of a namespace ${NAME}, not "A b"`],
    [drain, { wait_period_excluded_namespaces: ['*'] }, `must be the name of a namespace ${NAME}, not "*"`],
    [
      exec,
      { command: 'id', shell: 'sh -c' },
      'must be the path or the name of one program, without arguments, not "sh -c"',
    ],
    [
      tcpdump,
      { image: 'a b' },
      'must be the name of an image, such as registry.example.org/tools/capture:1.2, not "a b"',
    ],
    [sysdig, { image: '-x' }, 'must be the name of an image, such as registry.example.org/tools/capture:1.2, not "-x"'],
    [sysdig, { scope: 'cluster' }, 'must be one of pod, node, not "cluster"'],
    [
      terminate,
      { min_healthy_replicas: 'half' },
      'must be a number of replicas or a percentage up to 100%, not "half"',
    ],
  ])('%#', ({ parameters }, given, message) => {
    expect(fit(parameters, given).issues.map((issue) => issue.message)).toEqual([message]);
  });
});
