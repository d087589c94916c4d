/** Edits of what starts a pipeline by the clock: the list `schedule`. */
import { set, unset } from './change';
import { readPipeline } from './pipeline';
import { ROOT_ORDER } from './tasks';
import { resolved, type Tree } from './tree';

export interface ScheduleOf {
  name: string;
  cron: string;
  timezone: string;
  environment: string;
}

const ORDER = ['name', 'cron', 'timezone', 'environment', 'branch', 'exclude', 'run_inputs'];
const word = (tree: Tree | undefined) => (typeof tree === 'string' ? tree : '');

export function schedules(text: string): ScheduleOf[] {
  const list = readPipeline(text).fields.schedule;
  if (!Array.isArray(list)) return [];
  return list.map((one) => {
    const own = resolved(one);
    return { name: word(own.name), cron: word(own.cron), timezone: word(own.timezone), environment: word(own.environment) };
  });
}

export function addSchedule(text: string, cron: string, timezone?: string): string {
  const fields: { [key: string]: Tree } = { cron, ...(timezone ? { timezone } : {}) };
  const count = schedules(text).length;
  return count === 0 ? set(text, ['schedule'], [fields], ROOT_ORDER) : set(text, ['schedule', count], fields);
}

/** A field of the schedule at a place of the list; empty takes it away. */
export function setSchedule(text: string, at: number, field: keyof ScheduleOf, value: string): string {
  return value === '' ? unset(text, ['schedule', at, field]) : set(text, ['schedule', at, field], value, ORDER);
}

/** The last one takes the list with it. */
export function removeSchedule(text: string, at: number): string {
  return schedules(text).length === 1 ? unset(text, ['schedule']) : unset(text, ['schedule', at]);
}
