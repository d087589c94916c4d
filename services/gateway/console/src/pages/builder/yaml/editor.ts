/**
 * The editor of the text, without React: CodeMirror with YAML, what may be written here, what a field is about, and what
 * the server says of it. It keeps no history of its own: the page has one for text and graph together.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, startCompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, Prec, RangeSet, StateEffect, StateField } from '@codemirror/state';
import { Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers, type DecorationSet } from '@codemirror/view';
import type { Place } from '../edit/pipeline';
import { difference } from '../edit/splice';
import type { Known } from '../schema/known';
import { aboutAt, suggestionsAt } from '../schema/suggest';
import { newline } from './newline';
import { theme } from './theme';

export interface Outside {
  /** Somebody typed. */
  changed: (text: string) => void;
  /** The cursor stands elsewhere. */
  moved: (at: number) => void;
  undo: () => void;
  redo: () => void;
  save: () => void;
  known: () => Known;
}

/** What comes from the page and not from the keyboard. */
const fromPage = Annotation.define<boolean>();

const choose = StateEffect.define<Place | undefined>();
const chosenLine = Decoration.line({ class: 'cm-chosen' });
const chosenField = StateField.define<DecorationSet>({
  create: () => RangeSet.empty,
  update(now, change) {
    let next = now.map(change.changes);
    for (const effect of change.effects) {
      if (!effect.is(choose)) continue;
      const place = effect.value;
      if (!place) next = RangeSet.empty;
      else {
        const { doc } = change.state;
        const [first, last] = [doc.lineAt(Math.min(place.from, doc.length)).number, doc.lineAt(Math.min(place.to, doc.length)).number];
        next = Decoration.set(Array.from({ length: last - first + 1 }, (_, at) => chosenLine.range(doc.line(first + at).from)));
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function complete(outside: Outside) {
  return (context: CompletionContext): CompletionResult | null => {
    const found = suggestionsAt(context.state.doc.toString(), context.pos, outside.known());
    if (!found) return null;
    if (!context.explicit && found.from === context.pos && !/[[{\s]$/.test(context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos))) return null;
    // A word that is written to its end needs no offer: Enter means a new line then.
    const whole = new Set(found.options.filter((one) => one.kind === 'value').map((one) => one.insert));
    if (!context.explicit && whole.has(context.state.sliceDoc(found.from, context.pos))) return null;
    return {
      from: found.from,
      options: found.options.map((one) => ({
        label: one.label,
        detail: one.detail,
        info: one.about,
        apply: one.insert,
        boost: one.required ? 10 : 0,
        type: one.kind,
      })),
      validFor: (written) => /^[\w'"[\].-]*$/.test(written) && !whole.has(written),
    };
  };
}

function hover(outside: Outside) {
  return hoverTooltip((view, pos) => {
    const found = aboutAt(view.state.doc.toString(), pos, outside.known());
    if (!found) return null;
    return {
      pos,
      above: true,
      create: () => {
        const dom = document.createElement('div');
        dom.className = 'cm-about';
        const name = document.createElement('b');
        name.textContent = found.name;
        dom.append(name, ...found.words.map((words) => Object.assign(document.createElement('div'), { textContent: words })));
        return { dom };
      },
    };
  });
}

export interface Editor {
  view: EditorView;
  /** The page has another text: only what differs is changed, the cursor stays where it is. */
  show: (text: string) => void;
  say: (found: Diagnostic[]) => void;
  mark: (place: Place | undefined) => void;
  /** Leads there; `take` also puts the cursor there. */
  lead: (place: Place, take: boolean) => void;
  lock: (readOnly: boolean) => void;
  end: () => void;
}

export function editor(root: ShadowRoot, parent: HTMLElement, text: string, label: string, outside: Outside): Editor {
  const locked = new Compartment();
  const run = (act: () => void) => () => {
    act();
    return true;
  };
  const view = new EditorView({
    root,
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: 'Mod-z', run: run(outside.undo), preventDefault: true },
            { key: 'Mod-y', run: run(outside.redo), preventDefault: true },
            { key: 'Mod-Shift-z', run: run(outside.redo), preventDefault: true },
            { key: 'Mod-s', run: run(outside.save), preventDefault: true },
          ]),
        ),
        Prec.high(keymap.of([{ key: 'Enter', run: newline }])),
        lineNumbers(),
        foldGutter(),
        lintGutter(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        search({ top: true }),
        yaml(),
        theme,
        chosenField,
        autocompletion({ override: [complete(outside)], icons: false }),
        hover(outside),
        // Tab leaves with Esc before it, as everywhere in CodeMirror; the page says so.
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...foldKeymap, ...defaultKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
        EditorState.tabSize.of(2),
        locked.of([]),
        EditorView.updateListener.of((update) => {
          const ours = update.transactions.some((change) => change.annotation(fromPage));
          if (update.docChanged && !ours) outside.changed(update.state.doc.toString());
          if (update.selectionSet && !ours) outside.moved(update.state.selection.main.head);
          // A key was completed: what may follow it is offered at once.
          if (update.docChanged && update.transactions.some((change) => change.isUserEvent('input.complete')) && update.state.sliceDoc(0, update.state.selection.main.head).endsWith(': ')) {
            setTimeout(() => startCompletion(view), 0);
          }
        }),
      ],
    }),
  });
  const within = (place: Place): Place => ({ from: Math.min(place.from, view.state.doc.length), to: Math.min(place.to, view.state.doc.length) });
  return {
    view,
    show(next) {
      const piece = difference(view.state.doc.toString(), next);
      if (piece) view.dispatch({ changes: piece, annotations: fromPage.of(true) });
    },
    // The text may have become shorter since they were found.
    say: (found) => view.dispatch(setDiagnostics(view.state, found.map((one) => ({ ...one, ...within(one) })))),
    mark: (place) => view.dispatch({ effects: choose.of(place) }),
    lead(place, take) {
      const { from } = within(place);
      view.dispatch({ effects: EditorView.scrollIntoView(from, { y: 'center' }), ...(take ? { selection: { anchor: from } } : {}), annotations: fromPage.of(true) });
      if (take) view.focus();
    },
    lock: (readOnly) => view.dispatch({ effects: locked.reconfigure(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : []) }),
    end: () => view.destroy(),
  };
}
