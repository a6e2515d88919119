import { hash } from 'node:crypto';

/** A file system takes 255 bytes; some are left for whoever writes a partial file beside the artifact. */
const MAX_OWNER = 120;
const MAX_STEM = 70;

/**
 * Name of an artifact in its destination, one safe path segment: when, whose, what, and a suffix that differs for every
 * artifact and stays the same at every attempt. What an event says is cut down to letters no file system, bucket or
 * shell takes amiss.
 */
export function objectKey(
  keptAt: number,
  objects: Readonly<Record<string, string>>,
  artifact: { readonly name: string; readonly file: string },
): string {
  const time = `${new Date(keptAt).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  const { stem, extension } = split(artifact.name);
  const suffix = hash('sha256', artifact.file, 'hex').slice(0, 8);
  const owner = safe(ownerOf(objects).join('_'), MAX_OWNER);
  return [time, ...(owner === '' ? [] : [owner]), safe(stem, MAX_STEM), suffix].join('_') + extension;
}

function ownerOf(objects: Readonly<Record<string, string>>): readonly string[] {
  if (objects['namespace'] && objects['pod']) return [objects['namespace'], objects['pod']];
  if (objects['hostname']) return [objects['hostname']];
  return Object.keys(objects)
    .filter((key) => key !== 'file')
    .toSorted()
    .map((key) => objects[key] ?? '');
}

function split(name: string): { readonly stem: string; readonly extension: string } {
  const match = /^(.*?)((?:\.[A-Za-z0-9]{1,8}){0,2})$/s.exec(name);
  return match?.[1] ? { stem: match[1], extension: match[2] ?? '' } : { stem: name, extension: '' };
}

function safe(part: string, limit: number): string {
  return part.slice(0, limit).replaceAll(/[^A-Za-z0-9.=-]/g, '_');
}
