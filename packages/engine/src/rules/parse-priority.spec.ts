import { describe, expect, it } from 'vitest';
import { parsePriority, parsePriorityName, priorityText } from './parse-priority.ts';

describe('a priority criterion', () => {
  it.each([
    ['Notice', '=', 'Notice'],
    ['=Notice', '=', 'Notice'],
    ['>=Notice', '>=', 'Notice'],
    ['> warning', '>', 'Warning'],
    ['<CRITICAL', '<', 'Critical'],
    [' <= info ', '<=', 'Informational'],
    ['Info', '=', 'Informational'],
    ['informational', '=', 'Informational'],
  ])('%j', (text, comparator, priority) => {
    expect(parsePriority(text)).toEqual({ comparator, priority });
  });

  it.each([
    ['>=', 'a priority must follow >='],
    ['=', 'a priority must follow ='],
    ['==Notice', '== is not a comparator (allowed: < <= > >= =)'],
    ['!=Notice', '!= is not a comparator (allowed: < <= > >= =)'],
    ['=>Notice', '=> is not a comparator (allowed: < <= > >= =)'],
    ['Notise', '"Notise" is not a priority; did you mean Notice?'],
    ['Notice, Warning', '"Notice, Warning" is not a priority'],
    ['5', '"5" is not a priority'],
  ])('%j is refused', (text, message) => {
    expect(parsePriority(text)).toContain(message);
  });

  it('is printed as it is written', () => {
    expect(priorityText({ comparator: '>=', priority: 'Notice' })).toBe('>=Notice');
    expect(priorityText({ comparator: '=', priority: 'Notice' })).toBe('Notice');
  });

  it('knows the words of events in any case, and no others', () => {
    expect(parsePriorityName('WARNING')).toBe('Warning');
    expect(parsePriorityName('info')).toBe('Informational');
    expect(parsePriorityName('')).toBeUndefined();
    expect(parsePriorityName('__proto__')).toBeUndefined();
  });
});
