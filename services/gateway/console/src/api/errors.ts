/** What went wrong with a request, in words that can be shown. Knows nothing about how requests are made. */
import { t } from '../i18n';

export interface Fault {
  detail: string | { loc: (string | number)[]; msg: string; type: string }[];
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    /** Status of HTTP; 0 = no answer came. */
    readonly status: number,
    /** What the server says, or what we know. */
    readonly words: string,
    /** Where in what was sent, if the server says so. */
    readonly where: { place: string; words: string }[] = [],
    /** Seconds after which to ask again, if the server says so. */
    readonly after?: number,
    /** What the answer held, for callers that know its shape. */
    readonly body?: unknown,
  ) {
    super(words);
  }

  /** In which language the words are, if not in that of the page: sentences of the server are English. */
  get lang(): 'en' | undefined {
    return faultIn(this.body) ? 'en' : undefined;
  }
}

/** What an answer says of itself. */
function faultIn(body: unknown): Fault['detail'] | undefined {
  const detail = typeof body === 'object' && body !== null ? (body as Partial<Fault>).detail : undefined;
  return typeof detail === 'string' || (Array.isArray(detail) && detail.length > 0) ? detail : undefined;
}

/** `["body", "tasks", 0, "name"]` as `tasks[0].name`. */
export function place(loc: (string | number)[]): string {
  const path = loc[0] === 'body' || loc[0] === 'query' || loc[0] === 'path' ? loc.slice(1) : loc;
  return path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${step}` : step), '');
}

/** The error that an answer means. */
export function fromAnswer(status: number, body: unknown, after?: string | null): ApiError {
  const detail = faultIn(body);
  const seconds = after ? Number(after) : undefined;
  if (typeof detail === 'string') return new ApiError(status, detail, [], seconds, body);
  if (detail !== undefined) {
    const where = detail.map((one) => ({ place: place(one.loc ?? []), words: one.msg }));
    const words = where.map((one) => (one.place ? `${one.place}: ${one.words}` : one.words)).join('\n');
    return new ApiError(status, words, where, seconds, body);
  }
  return new ApiError(status, t('shell.error.status', { status: String(status) }), [], seconds, body);
}

/** Whatever was thrown, as an error that can be shown. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  // What fetch throws when nothing answers says nothing that helps.
  if (thrown instanceof TypeError) return new ApiError(0, t('shell.error.unreachable'));
  return new ApiError(0, thrown instanceof Error ? thrown.message : String(thrown));
}
