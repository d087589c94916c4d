/**
 * In which terms the language is described: what may stand where, as JSON Schema says it, and what forms need besides.
 * Knows no field of the language: those stand in language.ts.
 */
import type { Key } from '../../../i18n';

/** Words, or whole shapes, that only the page knows: integrations, neighbours, parameters of the job. */
type From =
  | 'integrations' | 'jobs' | 'sensorTypes' | 'sensors' | 'neighbours' | 'connections' | 'destinationConnections' | 'environments' | 'timezones' | 'pipelines'
  | 'parameters' | 'sensorParameters' | 'destinationParameters' | 'runInputs' | 'mappedInputs' | 'inputDefault';

export interface Shape {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  properties?: Record<string, Shape>;
  required?: readonly string[];
  /** Of every value of a map with ids as keys. */
  values?: Shape;
  items?: Shape;
  enum?: readonly string[];
  /** Where the names of those words stand among the messages. */
  named?: 'builder.word' | 'parts.status' | 'assets.operation';
  least?: number;
  most?: number;
  /** An expression may stand for it. */
  templated?: boolean;
  /** Texts of a list may hold commas: each has a line of its own. */
  lines?: boolean;
  /** It needs the whole width. */
  wide?: boolean;
  /** Its parts are filled in where it stands, not in a form of their own. */
  inline?: boolean;
  /** It means something only beside these words of a neighbour; `absent` is what the neighbour means where it is not there. */
  when?: { field: string; is: readonly string[]; absent?: string };
  /** What it is about. */
  about?: Key;
  from?: From;
}

export const text = (about?: Key, more: Shape = {}): Shape => ({ type: 'string', templated: true, about, ...more });
export const number = (least: number, most?: number, about?: Key): Shape => ({ type: 'integer', least, most, about });
export const flag = (about?: Key): Shape => ({ type: 'boolean', about });
export const object = (properties: Record<string, Shape>, required: readonly string[] = [], about?: Key): Shape => ({ type: 'object', properties, required, about });
export const list = (items: Shape, about?: Key, more: Shape = {}): Shape => ({ type: 'array', items, about, ...more });
export const byId = (values: Shape, about?: Key): Shape => ({ type: 'object', values, about });
export const word = (from: From, about?: Key): Shape => ({ type: 'string', templated: true, from, about });
export const oneOf = (words: readonly string[], about?: Key, more: Shape = {}): Shape => ({ enum: words, about, ...more });

/** Whether a field means something beside what its neighbours say. */
export function fits(shape: Shape, beside: { [key: string]: unknown }): boolean {
  if (!shape.when) return true;
  const found = beside[shape.when.field] ?? shape.when.absent;
  // The neighbour is not written yet: it may become anything.
  if (found === undefined || found === '') return true;
  return typeof found === 'string' && shape.when.is.includes(found);
}

/** A map or list whose parts have forms of their own: they are listed, and opened one by one. */
export const holdsParts = (shape: Shape): boolean => !shape.inline && (shape.values?.type === 'object' || shape.items?.type === 'object');
