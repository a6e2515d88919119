import { findDifferences, formatDifferences, type RuleFile } from '@falco-talon/engine';
import { findConfigDifferences } from '../config/peer-differences.ts';
import type { Prepared } from './prepare.ts';

/** Where rules and config that were made for the Go engine act otherwise here; the most dangerous first. */
export function peerReport(prepared: Prepared, files: readonly RuleFile[]): string {
  const { file, sources, loaded } = prepared;
  const differences = [...findDifferences(files, loaded.registry), ...findConfigDifferences(file, sources, prepared)];
  if (differences.length === 0) return 'nothing in the rules and the config acts otherwise than in the Go engine';
  const { source } = file.document ?? {};
  const config = source ? [{ path: source.file, text: source.text }] : [];
  return `${formatDifferences(differences, [...files, ...config])}\n`;
}
