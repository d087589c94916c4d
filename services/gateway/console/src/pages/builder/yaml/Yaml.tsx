/**
 * The text of the pipeline in an editor. It lives in a shadow root: there, what it styles goes into sheets of the root,
 * and the policy of the page, which allows no styles from scripts, holds.
 */
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import { t } from '../../../i18n';
import type { Place } from '../edit/pipeline';
import type { Known } from '../schema/known';
import { editor, type Editor } from './editor';
import type { Placed } from './lint';
import css from './Yaml.module.css';

export interface YamlHandle {
  lead: (place: Place, take?: boolean) => void;
}

interface YamlProps {
  text: string;
  change: (text: string) => void;
  moved: (at: number) => void;
  undo: () => void;
  redo: () => void;
  save: () => void;
  fix: (one: Placed) => void;
  known: Known;
  found: Placed[];
  chosen?: Place;
  readOnly: boolean;
  ref?: Ref<YamlHandle>;
}

const SEVERITY = { ERROR: 'error', WARNING: 'warning', NOTE: 'info' } as const;

export function Yaml(props: YamlProps) {
  const { text, found, chosen, readOnly, ref } = props;
  const host = useRef<HTMLDivElement>(null);
  const made = useRef<Editor>(undefined);
  const latest = useRef(props);
  latest.current = props;
  // What was typed and did not come back yet as the page's text. Quick fingers are ahead of the page: what it shows late
  // must not undo what was typed since.
  const sent = useRef<string[]>([]);

  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open', delegatesFocus: true });
    const frame = document.createElement('div');
    // By the object model: the policy has nothing against that.
    frame.style.height = '100%';
    root.replaceChildren(frame);
    const one = editor(root, frame, latest.current.text, t('builder.yaml.label'), {
      changed: (next) => {
        sent.current.push(next);
        latest.current.change(next);
      },
      moved: (at) => latest.current.moved(at),
      undo: () => latest.current.undo(),
      redo: () => latest.current.redo(),
      save: () => latest.current.save(),
      known: () => latest.current.known,
    });
    made.current = one;
    return () => {
      made.current = undefined;
      one.end();
    };
  }, []);

  useEffect(() => {
    const at = sent.current.lastIndexOf(text);
    if (at >= 0) {
      sent.current.splice(0, at + 1);
      return;
    }
    sent.current = [];
    made.current?.show(text);
  }, [text]);
  useEffect(() => made.current?.lock(readOnly), [readOnly]);
  useEffect(() => made.current?.mark(chosen), [chosen?.from, chosen?.to]);
  useEffect(() => {
    made.current?.say(
      found.map((one) => ({
        from: one.from,
        to: one.to,
        severity: SEVERITY[one.of.severity],
        message: [one.of.message, one.of.help].filter(Boolean).join('\n'),
        source: one.of.code || undefined,
        actions: one.fix && !readOnly ? [{ name: t('builder.fix', { word: one.fix.insert }), apply: () => latest.current.fix(one) }] : undefined,
      })),
    );
  }, [found, readOnly]);
  useImperativeHandle(ref, () => ({ lead: (place, take = false) => made.current?.lead(place, take) }), []);
  return <div ref={host} className={css.host} data-yaml />;
}
