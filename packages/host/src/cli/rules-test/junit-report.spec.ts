import { execFileSync, spawnSync } from 'node:child_process';
import type { Difference } from '@falco-talon/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { junitReport } from './junit-report.ts';
import { reportOf, type FileResult, type TestResult } from './results.ts';

const position = { file: 'a_test.yaml', line: 3, column: 5 };
const difference: Difference = { position, what: 'Shell', expected: '<a>', got: '"b" & \u001b', because: ['why'] };

function testOf(name: string, more: Partial<TestResult> = {}): TestResult {
  return { name, position, passed: false, seconds: 0.0021, differences: [], ...more };
}

const xmlOf = (...files: FileResult[]) => junitReport(reportOf(files, undefined));

describe('the JUnit report', () => {
  it('has a suite per file, a case per test, and failures apart from errors', () => {
    expect(
      xmlOf(
        {
          path: 'a_test.yaml',
          problems: [],
          tests: [
            testOf('good', { passed: true }),
            testOf('bad', { differences: [difference, { ...difference, because: [] }] }),
            testOf('odd', { error: { position, message: 'no such file' } }),
          ],
        },
        { path: 'b & c_test.yaml', problems: ['b:1:1: error: x\n  1 | y'], tests: [] },
      ),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="falco-talon rules test" tests="4" failures="1" errors="2">
  <testsuite name="a_test.yaml" file="a_test.yaml" tests="3" failures="1" errors="1" time="0.006">
    <testcase classname="a_test.yaml" name="good" file="a_test.yaml" line="3" time="0.002"/>
    <testcase classname="a_test.yaml" name="bad" file="a_test.yaml" line="3" time="0.002">
      <failure message="Shell: expected &lt;a&gt;, got &quot;b&quot; &amp; \\u{1b}" type="failure">a_test.yaml:3:5: Shell
  - expected: &lt;a&gt;
  + got:      &quot;b&quot; &amp; \\u{1b}
      why
a_test.yaml:3:5: Shell
  - expected: &lt;a&gt;
  + got:      &quot;b&quot; &amp; \\u{1b}</failure>
    </testcase>
    <testcase classname="a_test.yaml" name="odd" file="a_test.yaml" line="3" time="0.002">
      <error message="a_test.yaml:3:5: no such file" type="error">a_test.yaml:3:5: no such file</error>
    </testcase>
  </testsuite>
  <testsuite name="b &amp; c_test.yaml" file="b &amp; c_test.yaml" tests="1" failures="0" errors="1" time="0.000">
    <testcase classname="b &amp; c_test.yaml" name="the file can be run" file="b &amp; c_test.yaml">
      <error message="b:1:1: error: x" type="error">b:1:1: error: x
  1 | y</error>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  const names = [
    '<![CDATA[ ]]> <!-- --> <?xml?> &amp; &#0; ]]>',
    '"\' onload="x',
    '\u0000\u0001\u0008\u000b\u001f\u007f\u0085\ufffe\uffff',
    '\ud800 \udc00\ud800 😀 \u2028\u202e',
    'tab\t line\n return\r',
    ...fc.sample(fc.string({ unit: 'binary', minLength: 1 }), 300),
  ];

  /** What may stand in XML 1.0 at all: https://www.w3.org/TR/xml/#charsets */
  it('has no character in it that no XML may have, whatever a test is called', () => {
    for (const name of names) {
      expect(hostile(name)).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
    }
  });

  it('is read by an XML parser with every name in it', ({ skip }) => {
    skip(spawnSync('xmllint', ['--version']).error !== undefined, 'there is no xmllint, whose XML parser this needs');
    const document = hostile(...names);
    const read = (path: string) =>
      execFileSync('xmllint', ['--nonet', '--xpath', path, '-'], { input: document, encoding: 'utf8' }).replace(
        /\n$/,
        '',
      );
    expect(read('count(//testcase[count(failure) = 1 and count(*) = 1])')).toBe(String(names.length));
    const name = (index: number) => read(`string((//testcase)[${index + 1}]/@name)`);
    expect(name(0)).toBe(names[0]);
    expect(name(1)).toBe(names[1]);
    expect(name(2)).toBe('\\u{0}\\u{1}\\u{8}\\u{b}\\u{1f}\\u{7f}\\u{85}\\u{fffe}\\u{ffff}');
    expect(name(4)).toBe('tab\\t line\\n return\\r');
  });

  function hostile(...called: readonly string[]): string {
    const tests = called.map((name) => {
      const named = { ...difference, what: name, expected: name, got: name, because: [name] };
      return testOf(name, { differences: [named] });
    });
    return xmlOf({ path: called[0]!, problems: [], tests });
  }
});
