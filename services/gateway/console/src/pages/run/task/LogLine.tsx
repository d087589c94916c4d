/** A line of a log: its number, its text in the colours of terminals, with what is searched for marked in it. */
import { Fragment, memo } from 'react';
import { ansi, type Piece, type Style } from '../model/ansi';
import { cut, LINE_MAX } from '../model/log';
import css from './log.module.css';

const classes = (piece: Piece) =>
  [
    piece.colour !== undefined && css[`c${piece.colour % 8}`],
    piece.back !== undefined && css[`b${piece.back % 8}`],
    piece.bold && css.bold,
    piece.dim && css.dim,
    piece.italic && css.italic,
    piece.underline && css.underline,
  ]
    .filter(Boolean)
    .join(' ');

interface LineProps {
  number: number;
  /** Lines before the first one that is here; undefined where that is not known. */
  base?: number;
  line: string;
  style: Style;
  sought: string;
  current: boolean;
  /** Pixels; absent where lines are wrapped. */
  top?: number;
}

export const LogLine = memo(function LogLine({ number, base, line, style, sought, current, top }: LineProps) {
  const { pieces } = ansi(line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line, style);
  return (
    <div className={`${css.line} ${current ? css.current : ''}`} data-line={number} style={top === undefined ? undefined : { top }}>
      <span className={css.number} aria-hidden="true">
        {base === undefined ? '' : base + number + 1}
      </span>
      <span className={css.words}>
        {pieces.map((piece, at) => (
          <span key={at} className={classes(piece) || undefined}>
            {cut(piece.text, sought).map((text, k) => (k % 2 === 1 ? <mark key={k}>{text}</mark> : <Fragment key={k}>{text}</Fragment>))}
          </span>
        ))}
      </span>
    </div>
  );
});
