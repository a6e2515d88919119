import { fit, POD_FIELDS } from '@falco-talon/core';
import { testPlugin } from '@falco-talon/testkit';
import { expect, it } from 'vitest';
import plugin from './index.ts';

testPlugin(plugin, { directory: new URL('..', import.meta.url) });

/** What rules rely on without writing it down: changing one of these changes what they do. */
it('cilium:networkpolicy: source, continue, output, fields and defaults', () => {
  const [part] = plugin.actionners ?? [];
  expect(part).toMatchObject({ sources: ['syscall'], continue: true, output: 'none' });
  expect(part?.requiredFields).toEqual([['fd.rip', 'fd.sip'], ...POD_FIELDS]);
  expect(fit(part!.parameters, {})).toEqual({
    value: { allow_cidr: ['0.0.0.0/0', '::/0'], allow_namespaces: [] },
    issues: [],
  });
});
