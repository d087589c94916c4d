/**
 * The builder of one pipeline: graph, forms and text side by side, all of them of one text. What is chosen, what is
 * shown and which run is followed stands in the URL.
 */
import { Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useCatalogue, useConnectionNames, useEnvironmentNames, type Integration } from '../../api/catalogue';
import { asApiError } from '../../api/errors';
import { useDeniedOf } from '../../api/owners';
import { inRepository, useCheck, usePipelineNames, type Diagnostic, type Opened } from '../../api/source';
import { useCommands } from '../../app/commands';
import { useKeys } from '../../app/keyboard';
import { t } from '../../i18n';
import { later } from '../../parts/later';
import { Page } from '../../parts/Page';
import { Loading } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Bar } from './Bar';
import { Banners } from './Banners';
import { find, freeId, placeOf } from './edit/pipeline';
import { addGroup, addTask } from './edit/tasks';
import { spliced } from './edit/splice';
import { read, type Path } from './edit/tree';
import { Choose, jobOffers, type Offer } from './forms/Choose';
import { GroupForm } from './forms/GroupForm';
import type { Bench } from './forms/parts/bench';
import { beginning } from './forms/parts/made';
import { PartForm } from './forms/parts/PartForm';
import { partAround, partsBelow, pathText, stepsOf } from './forms/parts/said';
import { readPart, writtenPart } from './forms/parts/address';
import { PipelineForm } from './forms/PipelineForm';
import { TaskForm } from './forms/TaskForm';
import { Canvas } from './graph/Canvas';
import { ownerOf, problemsOf, sceneOf } from './graph/scene';
import { Follow, NO_RUN, type RunOf } from './Follow';
import { Problems } from './Problems';
import { Dialogs, type Asked } from './save/Dialogs';
import { jobOf, type Known } from './schema/known';
import { useDraft } from './state/useDraft';
import { useRested } from './useRested';
import { useWide } from './useWide';
import type { YamlHandle } from './yaml/Yaml';
import { placed, type Placed } from './yaml/lint';
import css from './Workbench.module.css';

// The editor is larger than all the rest of the page.
const Yaml = later(() => import('./yaml/Yaml').then((made) => ({ default: made.Yaml })));

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
  const denied = useDeniedOf('EDITOR')(opened?.pipeline.id);
  const catalogue = useCatalogue();
  const connections = useConnectionNames();
  const environments = useEnvironmentNames();
  const pipelines = usePipelineNames();
  const [adding, setAdding] = useState<{ group?: string }>();
  const [asked, setAsked] = useState<Asked>();
  const yaml = useRef<YamlHandle>(null);

  const set = (some: Record<string, string | undefined>) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        for (const [name, value] of Object.entries(some)) {
          if (value === undefined) next.delete(name);
          else next.set(name, value);
        }
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
  const offers = useMemo(() => jobOffers(jobs), [jobs]);
  const scene = useMemo(
    () => sceneOf(draft.pipeline, problems, run.tasks, (integration, job) => jobOf({ catalogue: jobs }, integration, job)?.displayName ?? job),
    [draft.pipeline, problems, run.tasks, jobs],
  );
  const known: Known = {
    catalogue: jobs,
    connections: connections.data ?? [],
    environments: (environments.data ?? []).map((one) => one.name),
    pipelines: pipelines.data ?? [],
    pipeline: draft.pipeline,
  };
  const base = chosen?.path ?? [];
  const part = readPart(known, base, query.get('part'));

  const choose = (id: string | undefined) => set({ task: id, part: undefined });
  // Somebody has opened a form: the keyboard goes on in it. A page that is opened with one leaves the focus where it is.
  const taken = useRef(false);
  const open = (path: Path | undefined) => {
    taken.current = true;
    set({ part: path && writtenPart(path.slice(base.length)) });
  };
  const bench: Bench = { draft, known, diagnostics, denied, open };
  const lead = (place: { from: number; to: number } | undefined, take = false) => {
    if (mode === 'graph') set({ mode: 'yaml' });
    // In the other mode the editor is drawn first.
    if (place) setTimeout(() => yaml.current?.lead(place, take), mode === 'graph' ? 250 : 0);
  };
  const go = (one: Placed) => {
    const steps = stepsOf(draft.pipeline.fields, one.of.path);
    const owner = find(draft.pipeline, ownerOf(draft.pipeline, one.of.path) ?? '');
    const from = owner?.path.length ?? 0;
    set({ task: owner?.id ?? chosenId, part: writtenPart(partAround(known, steps, from)?.slice(from)) });
    lead(one, true);
  };
  const fix = (one: Placed) => {
    if (one.fix && rested === draft.text) draft.edit(t('builder.undo.fix'), (text) => spliced(text, [one.fix!]));
  };
  const add = ({ integration, code, name, parameters }: Offer) => {
    const group = adding?.group;
    setAdding(undefined);
    const id = freeId(draft.pipeline, name);
    if (draft.edit(t('builder.undo.add', { id }), (text) => addTask(text, { id, name, integration, job: code, parameters: beginning(parameters) }, group))) choose(id);
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
    const doc = read(draft.text);
    const own = partsBelow(known, inside?.path ?? [])
      .filter((path) => {
        const found = placeOf(draft.text, doc, path);
        return found && found.from <= at && at <= found.to;
      })
      .at(-1);
    if (!inside && !own) return;
    const next = writtenPart(own?.slice(inside?.path.length ?? 0));
    if (inside?.id !== chosenId || next !== writtenPart(part?.slice(base.length))) set({ task: inside?.id, part: next });
  };
  // What is chosen in the graph or opened in a form is shown in the text.
  const place = useMemo(() => (part ? placeOf(draft.text, read(draft.text), part) : chosen?.place), [draft.text, chosen, part && pathText(part)]);
  useEffect(() => {
    if (place && !document.querySelector('[data-yaml]:focus-within')) yaml.current?.lead(place);
  }, [chosenId, part && pathText(part)]);

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
  const owner = chosen ? chosen.name || chosen.id : t('builder.form.pipeline');
  const form = part ? (
    <PartForm key={`${chosenId ?? ''} ${pathText(part)}`} bench={bench} path={part} from={base.length} owner={owner} taken={taken.current} showInText={() => lead(place, true)} />
  ) : chosen?.kind === 'task' ? (
    <TaskForm key={chosen.id} bench={bench} draft={draft} entry={chosen} choose={choose} denied={denied} catalogue={jobs} problems={problems.get(chosen.id)} showInText={() => lead(chosen.place, true)} />
  ) : chosen?.kind === 'group' ? (
    <GroupForm key={chosen.id} draft={draft} entry={chosen} choose={choose} denied={denied} problems={problems.get(chosen.id)} addTask={addFrom} showInText={() => lead(chosen.place, true)} />
  ) : (
    <PipelineForm bench={bench} choose={choose} addTask={() => addFrom()} addGroup={newGroup} />
  );
  const problemList = <Problems found={found} pending={!fresh && !check.isError} failed={check.isError ? asApiError(check.error) : undefined} go={go} fix={fix} denied={denied} />;
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
      acts={<Bar draft={draft} mode={mode} setMode={(next) => set({ mode: next === (wide ? 'both' : 'graph') ? undefined : next })} wide={wide} git={git} denied={denied} notNow={notNow} ask={setAsked} />}
    >
      <Banners draft={draft} opened={opened} denied={denied} runId={runId} run={run} endRun={() => set({ run: undefined })} />
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
      {adding && <Choose title={t('builder.add.title')} search={t('builder.add.search')} offers={offers} add={add} close={() => setAdding(undefined)} />}
      <Dialogs where={where} asked={asked} ask={setAsked} draft={draft} opened={opened} alias={alias} chosen={chosen} ran={(id) => set({ run: id })} />
    </Page>
  );
}
