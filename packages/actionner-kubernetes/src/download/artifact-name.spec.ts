import { expect, it } from 'vitest';
import { artifactName } from './artifact-name.ts';

it.each([
  ['/etc/shadow', 'etc_shadow'],
  ['../../x.tar.gz', 'x.tar.gz'],
  ['a\\b', 'a_b'],
  ['a b\n\u202Ec\u0000', 'a_b__c_'],
  ['-rf', '-rf'],
  ['/', 'file'],
  ['..', 'file'],
  ['', 'file'],
  [`/${'d/'.repeat(2_000)}name.txt`, `${'d_'.repeat(28)}name.txt`],
  ['\ud800x', '_x'],
  ['😀'.repeat(100), '😀'.repeat(64)],
])('of %j is %j', (file, name) => {
  expect(artifactName(file)).toBe(name);
});
