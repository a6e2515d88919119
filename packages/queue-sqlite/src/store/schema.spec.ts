import { hash } from 'node:crypto';
import { expect, it } from 'vitest';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

/** Of each version of the format that was released. */
const VERSIONS: Readonly<Record<number, string>> = {
  1: '02627cc9bb507e9f11f2b203c90ef915b775c3ffbeea6047b8a3e115c608f68f',
};

it('another schema is another version: files of the one before are read, or refused before anything is written', () => {
  expect(hash('sha256', SCHEMA.replaceAll(/\s+/g, ' ').trim())).toBe(VERSIONS[SCHEMA_VERSION]);
});
