/**
 * Whether a stored value says what a wanted one does. A server may have added what says nothing: empty objects, lists and
 * texts. Anything else that is more or different counts as different.
 */
export function sameContent(stored: unknown, wanted: unknown): boolean {
  if (Object.is(stored, wanted)) return true;
  if (Array.isArray(stored) && Array.isArray(wanted)) {
    return stored.length === wanted.length && stored.every((item, index) => sameContent(item, wanted[index]));
  }
  if (!isRecord(stored) || !isRecord(wanted)) return false;
  return [...new Set([...Object.keys(stored), ...Object.keys(wanted)])].every((key) => {
    const [is, should] = [own(stored, key), own(wanted, key)];
    return should === undefined ? saysNothing(is) : sameContent(is, should);
  });
}

function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.values(value).every(saysNothing);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
