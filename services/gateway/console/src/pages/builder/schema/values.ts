/** Values of the document as people write them in one field, and back. */
import { parseDocument } from 'yaml';
import type { Tree } from '../edit/tree';

export const isExpression = (value: Tree | undefined): boolean => typeof value === 'string' && value.includes('${{');

/** A value as it is written in one field: text as it is, all else as YAML in one line. */
export function writtenValue(value: Tree | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A list or map as somebody wrote it, in YAML or JSON; undefined = it is none. */
export function readValue(text: string, type: string): Tree | undefined {
  const doc = parseDocument(text, { version: '1.1', logLevel: 'silent' });
  if (doc.errors.length > 0) return undefined;
  const value = doc.toJS() as Tree;
  if (type === 'array') return Array.isArray(value) ? value : undefined;
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  return value;
}
