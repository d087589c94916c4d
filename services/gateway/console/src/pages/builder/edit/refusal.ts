/** Why an edit is not made. The text is left as it is then. */
export type Why =
  /** The text is no YAML, so nothing in it can be found. */
  | 'broken'
  /** What is to be changed is shared by an anchor or a merge key. */
  | 'shared'
  /** It is written in a way that cannot be changed in place. */
  | 'layout'
  | 'missing'
  /** The id or name is taken. */
  | 'taken'
  /** No id at all, or one that nothing can name. */
  | 'id'
  /** Inputs are named in expressions, so their names are words. */
  | 'word'
  /** The edge would close a circle. */
  | 'circle'
  /** Both ends must be neighbours: two entries of the pipeline, or two tasks of a group. */
  | 'scope'
  /** Groups hold tasks, not groups. */
  | 'nested';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly why: Why,
    readonly what = '',
  ) {
    super(`${why} ${what}`);
  }
}
