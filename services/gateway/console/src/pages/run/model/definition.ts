/**
 * What the text of a pipeline says about its shape: groups, what stands in them, what they wait for. The API tells runs
 * and their tasks without groups. Reads leniently, since the server has accepted the text; knows nothing of runs.
 */
import { parse } from 'yaml';

export interface Group {
  id: string;
  label: string;
  tasks: string[];
  dependsOn: string[];
  matrix: boolean;
}
export interface Definition {
  groups: Group[];
}

type Fields = Record<string, unknown>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const either = (from: Fields, ...names: string[]) => names.map((name) => from[name]).find((value) => value !== undefined && value !== null);
const words = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : typeof value === 'string' ? [value] : []);

/** The groups of a pipeline; of a text that cannot be read, none. */
export function definitionOf(text: string): Definition {
  let whole: unknown;
  try {
    // Aliases are bounded: a text of a few lines must not become a gigabyte.
    whole = parse(text, { maxAliasCount: 100, logLevel: 'silent' });
  } catch {
    return { groups: [] };
  }
  const groups = Object.entries(fields(fields(whole).pipeline)).flatMap(([id, value]): Group[] => {
    const entry = fields(value);
    if (typeof entry.tasks !== 'object' || entry.tasks === null) return [];
    return [
      {
        id,
        label: typeof entry.name === 'string' ? entry.name : id,
        tasks: Object.keys(fields(entry.tasks)),
        dependsOn: words(either(entry, 'depends_on', 'dependsOn')),
        matrix: fields(entry.matrix).inputs !== undefined,
      },
    ];
  });
  return { groups };
}
