import { quote } from '../json.ts';
import type { ApiRequest } from '../server/request.ts';
import type { FieldError } from '../server/refusals.ts';
import { forbiddenField, invalid, notSupported, required } from '../server/refusals.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly strict: boolean;
  /** Whether unknown fields are worth a warning. */
  readonly warn: boolean;
  readonly fieldManager: string;
  readonly force: boolean;
}

/** Without `fieldManager` the manager is the first word of the user agent. */
function managerOf(request: ApiRequest): string {
  const given = request.query.get('fieldManager');
  if (given !== null && given !== '') return given;
  return (request.headers['user-agent'] ?? 'unknown').split('/', 1)[0] ?? 'unknown';
}

export function writeOptions(
  request: ApiRequest,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteOptions {
  const { query } = request;
  const errors: FieldError[] = [];
  const dryRuns = query.getAll('dryRun').filter((value) => value !== '');
  for (const value of dryRuns) if (value !== 'All') errors.push(notSupported('dryRun', value, ['All']));
  if (apply && (query.get('fieldManager') ?? '') === '')
    errors.push(required('fieldManager', 'is required for apply patch'));
  if (!apply && query.has('force')) errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  const validation = query.get('fieldValidation') ?? 'Warn';
  if (!['Ignore', 'Warn', 'Strict', ''].includes(validation)) {
    errors.push(notSupported('fieldValidation', validation, ['Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRuns.length > 0,
    strict: validation === 'Strict',
    warn: validation !== 'Ignore',
    fieldManager: managerOf(request),
    force: query.get('force') === 'true',
  };
}

export function unknownFieldWarnings(unknown: readonly string[], options: WriteOptions): readonly string[] {
  return options.warn ? unknown.map((field) => `unknown field ${quote(field)}`) : [];
}

export function strictError(unknown: readonly string[]): string {
  return `strict decoding error: ${unknown.map((field) => `unknown field ${quote(field)}`).join(', ')}`;
}
