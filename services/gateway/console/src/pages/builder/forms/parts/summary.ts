/** A part in one line: what it is called, and what it is, for lists of them. Pure. */
import { named, t } from '../../../../i18n';
import { isObject, resolved, type Path, type Tree } from '../../edit/tree';
import { checkOf, treeAt, type Known } from '../../schema/known';

/** The key that a part stands under: of `sensors.landed` it is `sensors`, of a part without a name its own. */
export const kindOf = (path: Path): string => String(path.length > 1 ? path.at(-2) : path[0]);

const text = (tree: Tree | undefined): string => (typeof tree === 'string' || typeof tree === 'number' ? String(tree) : '');
const words = (tree: Tree | undefined): string[] => (Array.isArray(tree) ? tree.map(text).filter(Boolean) : text(tree) ? [text(tree)] : []);
const said = (...parts: (string | false | undefined)[]) => parts.filter(Boolean).join(' · ');
const statusNames = (tree: Tree | undefined) => words(tree).map((word) => named('parts.status', word)).join(', ');

interface Summary {
  title: string;
  more: string;
}

/** Of a pipeline that starts this one, what it is called. */
const pipelineName = (known: Known, id: string) => (id === '*' ? t('builder.part.anyPipeline') : (known.pipelines.find((one) => one.id === id)?.name ?? id));

export function summaryOf(known: Known, path: Path): Summary {
  const value = treeAt(known.pipeline.fields, path);
  const own = resolved(value);
  const id = text(path.at(-1));
  switch (kindOf(path)) {
    case 'inputs':
      return { title: id, more: said(named('builder.word', text(own.type)), own.default !== undefined && own.default !== null ? t('builder.form.default', { value: JSON.stringify(own.default).replace(/^"(.*)"$/, '$1') }) : own.optional === true && t('builder.field.optional')) };
    case 'schedule':
      return { title: text(own.name) || text(own.cron), more: said(text(own.name) && text(own.cron), text(own.timezone) || 'UTC') };
    case 'sensors':
      return { title: text(own.name) || id, more: said(text(own.cron), t('builder.part.checks', { count: Object.keys(resolved(own.checks)).length })) };
    case 'checks': {
      const check = checkOf(known, text(own.sensor_type));
      const integration = known.catalogue.find((one) => one.integration === own.integration)?.displayName ?? text(own.integration);
      return { title: id, more: said(integration, check?.displayName ?? text(own.sensor_type)) };
    }
    case 'trigger_events':
      return { title: pipelineName(known, text(own.pipeline_id)) || t('builder.part.one.trigger_events'), more: statusNames(own.statuses) || statusNames(['SUCCEEDED', 'WARNING']) };
    case 'alerts':
      return { title: text(own.name) || t('builder.part.one.alerts'), more: said(statusNames(own.statuses), destinations(own.destinations)) };
    case 'anomalies':
      return { title: text(own.type) ? named('builder.word', text(own.type)) : t('builder.part.one.anomalies'), more: destinations(own.destinations) };
    case 'webhook':
      return { title: t('builder.part.one.webhook'), more: t(own.enabled === true ? 'builder.part.on' : 'builder.part.off') };
    case 'configuration':
      return { title: t('builder.part.one.configuration'), more: said(...Object.entries(own).map(([key, one]) => (isObject(one) ? '' : `${named('builder.field', key)}: ${text(one)}`))) || t('builder.part.notSet') };
    default:
      return { title: id, more: text(own.integration) };
  }
}

const destinations = (tree: Tree | undefined): string =>
  (Array.isArray(tree) ? tree : []).map((one) => named('builder.word', text(resolved(one).integration))).filter(Boolean).join(', ');
