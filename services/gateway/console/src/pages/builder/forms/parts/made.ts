/** With what a new part begins: as little as the language asks for, so that what is missing is what somebody must decide. */
import type { Parameter } from '../../../../api/catalogue';
import { addItem, addNamed, freeName } from '../../edit/parts';
import { isObject, resolved, type Path, type Tree } from '../../edit/tree';
import { shapeAt, treeAt, type Known } from '../../schema/known';

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const names = (tree: Tree | undefined) => (Array.isArray(tree) ? tree.map((one) => String(resolved(one).name ?? '')) : isObject(tree) ? Object.keys(resolved(tree)) : []);

/** What must be given has a place; where only one word is possible, it stands there. */
export const beginning = (parameters: readonly Parameter[]): { [key: string]: Tree } =>
  Object.fromEntries(parameters.filter((one) => one.required).map((one) => [one.name, one.enum?.length === 1 ? one.enum[0]! : '']));

export const NEW_DESTINATION: Tree = { integration: 'SLACK', destination: '' };

/** What a sensor looks for. */
export interface Look {
  integration: string;
  code: string;
  parameters: readonly Parameter[];
}
const checkOf = (look: Look): Tree => ({ integration: look.integration, sensor_type: look.code, parameters: beginning(look.parameters) });

function fresh(known: Known, path: Path, name: string, look: Look | undefined): Tree {
  switch (String(path.at(-1))) {
    case 'inputs':
      return { type: 'string' };
    case 'schedule':
      return { cron: '0 8 ? * * *', timezone: zone() };
    case 'sensors':
      return { name: name.replaceAll('_', ' '), cron: '0 6 ? * * *', timezone: zone(), timeout_mins: 60, checks: look ? { [nameOf(look)]: checkOf(look) } : {} };
    case 'checks':
      return look ? checkOf(look) : {};
    case 'trigger_events':
      return { type: 'pipeline', pipeline_id: '' };
    case 'alerts':
      return { name, statuses: ['FAILED'], destinations: [NEW_DESTINATION] };
    case 'anomalies':
      return { type: shapeAt(known, path)?.items?.properties?.type?.enum?.[0] ?? '', destinations: [NEW_DESTINATION] };
    default:
      return { integration: '' };
  }
}

const BASES: Record<string, string> = { inputs: 'input', alerts: 'alert', operation_metadata: 'place' };
const nameOf = (look: Look) => look.code.toLowerCase();

/** The edit that adds a part to a list or map of parts, and where the part then is. */
export function added(known: Known, path: Path, look?: Look): { path: Path; edit: (text: string) => string } {
  const now = treeAt(known.pipeline.fields, path);
  const name = freeName(names(now), look ? nameOf(look) : (BASES[String(path.at(-1))] ?? 'part'));
  const value = fresh(known, path, name, look);
  if (shapeAt(known, path)?.items) {
    const count = Array.isArray(now) ? now.length : 0;
    return { path: [...path, count], edit: (text) => addItem(text, path, value) };
  }
  return { path: [...path, name], edit: (text) => addNamed(text, path, name, value) };
}
