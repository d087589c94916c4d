/**
 * The builder of one pipeline: graph, forms and text side by side, all of them of one text. What is chosen, what is
 * shown and which run is followed stands in the URL.
 */
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useCatalogue, useConnectionNames, useEnvironmentNames, type Integration } from '../../api/catalogue';
import { asApiError } from '../../api/errors';
import { useDenied } from '../../api/me';
import { inRepository, useCheck, type Diagnostic, type Opened } from '../../api/source';
import { useCommands } from '../../app/commands';
import { useKeys } from '../../app/keyboard';
import { t } from '../../i18n';
import { Page } from '../../parts/Page';
import { Loading } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Bar } from './Bar';
import { Banners } from './Banners';
import { find, freeId } from './edit/pipeline';
import { addGroup, addTask } from './edit/tasks';
import { spliced } from './edit/splice';
import { AddTask, type Offer } from './forms/AddTask';
import { GroupForm } from './forms/GroupForm';
import { PipelineForm } from './forms/PipelineForm';
import { TaskForm } from './forms/TaskForm';
import { Canvas } from './graph/Canvas';
import { problemsOf, sceneOf } from './graph/scene';
import { Follow, NO_RUN, type RunOf } from './Follow';
import { Problems } from './Problems';
import { Dialogs, type Asked } from './save/Dialogs';
import { jobOf, type Known } from './schema/suggest';
import { useDraft } from './state/useDraft';
import { useRested } from './useRested';
import { useWide } from './useWide';
import type { YamlHandle } from './yaml/Yaml';
import { placed, type Placed } from './yaml/lint';
import css from './Workbench.module.css';

// The editor is larger than all the rest of the page.
const Yaml = lazy(() => import('./yaml/Yaml').then((made) => ({ default: made.Yaml })));

export type Mode = 'both' | 'graph' | 'yaml';
const NO_JOBS: Integration[] = [];
const NONE: Diagnostic[] = [];
/** Milliseconds without a key after which the server is asked. */
const REST = 350;

interface WorkbenchProps {
  /** Where its unsaved edits are kept. */
  where: string;
  opened?: Opened;
  template?: string;
  alias?: string;
}

export function Workbench({ where, opened, template, alias }: WorkbenchProps) {
  const [query, setQuery] = useSearchParams();
  const draft = useDraft(where, { text: opened?.text ?? template ?? '', base: opened?.version ?? 0, baseText: opened?.current ?? '' });
  const wide = useWide();
  const denied = useDenied('EDITOR');
  const catalogue = useCatalogue();
  const connections = useConnectionNames();
  const environments = useEnvironmentNames();
  const [adding, setAdding] = useState<{ group?: string }>();
  const [asked, setAsked] = useState<Asked>();
  const yaml = useRef<YamlHandle>(null);

  const set = (name: string, value: string | undefined) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        if (value === undefined) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const given = query.get('mode');
  const mode: Mode = given === 'graph' || given === 'yaml' ? given : wide ? 'both' : 'graph';
  const chosenId = query.get('task') ?? undefined;
  const chosen = chosenId === undefined ? undefined : find(draft.pipeline, chosenId);
  const runId = query.get('run') ?? undefined;
  const [run, setRun] = useState<RunOf>(NO_RUN);

  const rested = useRested(draft.text, REST);
  const check = useCheck(rested);
  const diagnostics = check.data ?? NONE;
  const fresh = rested === draft.text && !check.isPlaceholderData && check.data !== undefined;
  const found = useMemo(() => placed(rested, diagnostics), [rested, diagnostics]);
  const problems = useMemo(() => problemsOf(draft.pipeline, diagnostics), [draft.pipeline, diagnostics]);
  const jobs = catalogue.data ?? NO_JOBS;
  const scene = useMemo(
    () => sceneOf(draft.pipeline, problems, run.tasks, (integration, job) => jobOf({ catalogue: jobs }, integration, job)?.displayName ?? job),
    [draft.pipeline, problems, run.tasks, jobs],
  );
  const known: Known = {
    catalogue: jobs,
    connections: connections.data ?? [],
    environments: (environments.data ?? []).map((one) => one.name),
    pipeline: draft.pipeline,
  };

  const choose = (id: string | undefined) => set('task', id);
  const lead = (place: { from: number; to: number } | undefined, take = false) => {
    if (mode === 'graph') set('mode', 'yaml');
    // In the other mode the editor is drawn first.
    if (place) setTimeout(() => yaml.current?.lead(place, take), mode === 'graph' ? 250 : 0);
  };
  const go = (one: Placed) => {
    const own = problemsOwner(one);
    if (own !== undefined) set('task', own);
    lead(one, true);
  };
  const problemsOwner = (one: Placed) => [...problemsOf(draft.pipeline, [{ ...one.of, severity: 'ERROR' }]).keys()][0];
  const fix = (one: Placed) => {
    if (one.fix && rested === draft.text) draft.edit(t('builder.undo.fix'), (text) => spliced(text, [one.fix!]));
  };
  const add = ({ integration, job }: Offer) => {
    const group = adding?.group;
    setAdding(undefined);
    const id = freeId(draft.pipeline, job.displayName);
    const parameters = Object.fromEntries(job.parameters.filter((one) => one.required).map((one) => [one.name, one.enum?.length === 1 ? one.enum[0]! : '']));
    if (draft.edit(t('builder.undo.add', { id }), (text) => addTask(text, { id, name: job.displayName, integration: integration.integration, job: job.integrationJob, parameters }, group))) choose(id);
  };
  const newGroup = () => {
    const id = freeId(draft.pipeline, 'group');
    if (draft.edit(t('builder.undo.add', { id }), (text) => addGroup(text, id, t('builder.newGroup')))) choose(id);
  };
  const addFrom = (group?: string) => setAdding({ group: group ?? (chosen?.kind === 'group' ? chosen.id : chosen?.group) });
  const moved = (at: number) => {
    const inside = draft.pipeline.entries
      .flatMap((entry) => (entry.kind === 'group' ? [entry, ...entry.tasks] : [entry]))
      .filter((entry) => entry.place && entry.place.from <= at && at <= entry.place.to)
      .at(-1);
    if (inside && inside.id !== chosenId) choose(inside.id);
  };
  // What is chosen in the graph is shown in the text.
  const place = chosen?.place;
  useEffect(() => {
    if (place && !document.querySelector('[data-yaml]:focus-within')) yaml.current?.lead(place);
  }, [chosenId]);

  const errors = diagnostics.filter((one) => one.severity === 'ERROR').length;
  const git = opened !== undefined && inRepository(opened.pipeline);
  const broken = draft.pipeline.broken !== undefined || errors > 0;
  const notNow = denied ?? (broken ? t('builder.mendFirst') : undefined);
  const save = () => {
    if (notNow === undefined && draft.changed) setAsked(git ? 'commit' : 'save');
  };
  const acts = { group: t('builder.title') };
  useKeys([
    { ...acts, keys: 'Mod-s', name: t(git ? 'builder.commit' : 'builder.save'), run: save },
    { ...acts, keys: 'Mod-z', name: t('builder.undo'), run: () => draft.undo?.run() },
    { ...acts, keys: 'Mod-y', name: t('builder.redo'), run: () => draft.redo?.run() },
    { ...acts, keys: 'n', name: t('builder.addTask'), run: () => denied === undefined && addFrom() },
  ]);
  useCommands([
    { id: 'builder.add', name: t('builder.addTask'), group: acts.group, icon: 'plus', run: () => denied === undefined && addFrom() },
    { id: 'builder.run', name: t('builder.run'), group: acts.group, icon: 'play', run: () => notNow === undefined && setAsked('run') },
    { id: 'builder.save', name: t(git ? 'builder.commit' : 'builder.save'), group: acts.group, icon: 'check', run: save },
  ]);

  const title = draft.pipeline.name || alias || t('builder.new');
  const form =
    chosen?.kind === 'task' ? (
      <TaskForm key={chosen.id} draft={draft} entry={chosen} choose={choose} denied={denied} catalogue={jobs} problems={problems.get(chosen.id)} showInText={() => lead(chosen.place, true)} />
    ) : chosen?.kind === 'group' ? (
      <GroupForm key={chosen.id} draft={draft} entry={chosen} choose={choose} denied={denied} problems={problems.get(chosen.id)} addTask={addFrom} showInText={() => lead(chosen.place, true)} />
    ) : (
      <PipelineForm draft={draft} choose={choose} addTask={() => addFrom()} addGroup={newGroup} denied={denied} />
    );
  const problemList = <Problems found={found} pending={!fresh && !check.isError} failed={check.isError ? asApiError(check.error).words : undefined} go={go} fix={fix} denied={denied} />;
  return (
    <Page
      full
      title={title}
      crumbs={[{ to: '/builder', name: t('builder.title') }]}
      beside={
        <>
          {draft.dirty && <Mark tone="warn">{t('builder.unsaved')}</Mark>}
          {denied && (
            <Mark icon="lock">{t('builder.readOnly')}</Mark>
          )}
        </>
      }
      acts={<Bar draft={draft} mode={mode} setMode={(next) => set('mode', next === (wide ? 'both' : 'graph') ? undefined : next)} wide={wide} git={git} denied={denied} notNow={notNow} ask={setAsked} />}
    >
      <Banners draft={draft} opened={opened} denied={denied} runId={runId} run={run} endRun={() => set('run', undefined)} />
      <div className={`${css.bench} ${css[mode]} ${wide ? '' : css.narrow}`}>
        {mode !== 'yaml' && (
          <div className={css.left}>
            <div className={css.canvas}>
              <Canvas scene={scene} draft={draft} chosen={chosen?.id} choose={choose} addTask={addFrom} denied={denied} direction={wide ? 'right' : 'down'} />
            </div>
            <div className={css.form}>{form}</div>
          </div>
        )}
        {mode !== 'graph' && (
          <div className={css.text}>
            <div className={css.yaml}>
              <Suspense fallback={<Loading lines={8} />}>
                <Yaml
                  ref={yaml}
                  text={draft.text}
                  change={draft.type}
                  moved={moved}
                  undo={() => draft.undo?.run()}
                  redo={() => draft.redo?.run()}
                  save={save}
                  fix={fix}
                  known={known}
                  found={found}
                  chosen={place}
                  readOnly={denied !== undefined}
                />
              </Suspense>
            </div>
            {problemList}
          </div>
        )}
        {mode === 'graph' && problemList}
      </div>
      {runId && <Follow key={runId} id={runId} tell={setRun} />}
      {adding && <AddTask catalogue={jobs} add={add} close={() => setAdding(undefined)} />}
      <Dialogs where={where} asked={asked} ask={setAsked} draft={draft} opened={opened} alias={alias} chosen={chosen} ran={(id) => set('run', id)} />
    </Page>
  );
}
