/** Short messages about what was done. Failures stay until they are closed. Knows not how they look. */
import { asApiError } from '../api/errors';

export interface Message {
  id: number;
  tone: 'good' | 'bad' | 'live';
  words: string;
  /** Of the words, if they are not in the language of the page. */
  lang?: string;
  link?: { to: string; name: string };
}

const STAYS = 5_000;
let messages: Message[] = [];
let last = 0;
const watchers = new Set<() => void>();

const tell = (next: Message[]) => {
  messages = next;
  watchers.forEach((watcher) => watcher());
};

export const toasts = {
  now: () => messages,
  watch(watcher: () => void) {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  },
  close(id: number) {
    tell(messages.filter((one) => one.id !== id));
  },
};

function add(message: Omit<Message, 'id'>): number {
  const id = ++last;
  tell([...messages.slice(-4), { ...message, id }]);
  if (message.tone === 'good') setTimeout(() => toasts.close(id), STAYS);
  return id;
}

export const done = (words: string, link?: Message['link']): number => add({ tone: 'good', words, link });
export const failed = (thrown: unknown): number => {
  const { words, lang } = asApiError(thrown);
  return add({ tone: 'bad', words, lang });
};

/** Does something: pending is said at once, done only when the server has answered. Throws what `run` throws. */
export async function act<T>(pending: string, run: () => Promise<T>, then: (answer: T) => { words: string; link?: Message['link'] }): Promise<T> {
  const id = add({ tone: 'live', words: pending });
  try {
    const answer = await run();
    const { words, link } = then(answer);
    done(words, link);
    return answer;
  } finally {
    toasts.close(id);
  }
}
