/** Edits that nobody stored yet, kept in this tab over reloads and other pages. Knows nothing about how they are made. */
export interface Unsaved {
  text: string;
  /** The newest version when it was opened; 0 = there was none. */
  base: number;
  /** Its text then. */
  baseText: string;
}

/** `where` is the alias of a pipeline, or what a new one starts from (`new:python`), which is no alias. */
const place = (where: string) => `downbeat.builder.${where}`;
export const newPlace = (template: string): string => `new:${template}`;

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export function unsaved(where: string, store: Store = sessionStorage): Unsaved | undefined {
  try {
    const given = JSON.parse(store.getItem(place(where)) ?? 'null') as Partial<Unsaved> | null;
    if (typeof given?.text !== 'string' || typeof given.base !== 'number' || typeof given.baseText !== 'string') return undefined;
    return { text: given.text, base: given.base, baseText: given.baseText };
  } catch {
    return undefined;
  }
}

/** Undefined = there is nothing to keep. False = the browser has no room for it. */
export function keepUnsaved(where: string, what: Unsaved | undefined, store: Store = sessionStorage): boolean {
  try {
    if (what) store.setItem(place(where), JSON.stringify(what));
    else store.removeItem(place(where));
    return true;
  } catch {
    return false;
  }
}
