/**
 * What is pressed. A button that may not be pressed says why: `denied` keeps it reachable, so that the reason can be
 * read and spoken. `pending` shows that it was pressed and nothing is decided yet.
 */
import type { ButtonHTMLAttributes, MouseEvent, ReactNode } from 'react';
import { Link, type To } from 'react-router';
import { t } from '../i18n';
import { Icon, type IconName } from './Icon';
import { Tip } from './Tip';
import css from './Button.module.css';

export interface Looks {
  kind?: 'plain' | 'primary' | 'quiet' | 'danger';
  small?: boolean;
  icon?: IconName;
  /** Only the icon is seen; what the button is called is spoken and shown on hovering. */
  label?: string;
  children?: ReactNode;
}

interface ButtonProps extends Looks, Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  pending?: boolean;
  denied?: string;
}

const classes = ({ kind = 'plain', small, label, children }: Looks, more?: string) =>
  [css.button, kind !== 'plain' && css[kind], small && css.small, label && !children && css.icon, more].filter(Boolean).join(' ');

export function Button({ kind, small, icon, label, pending, denied, children, className, onClick, ...rest }: ButtonProps) {
  const off = denied !== undefined || pending === true;
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (off) event.preventDefault();
    else onClick?.(event);
  };
  const button = (
    <button
      type="button"
      {...rest}
      className={classes({ kind, small, label, children }, className)}
      aria-label={label}
      aria-disabled={off || rest['aria-disabled']}
      aria-busy={pending || undefined}
      onClick={press}
    >
      {pending ? <Icon name="spinner" spin /> : icon && <Icon name={icon} />}
      {children}
      {pending && <span className="only-spoken">{t('parts.pending')}</span>}
    </button>
  );
  const said = denied ?? (children ? undefined : label);
  return said ? <Tip text={said}>{button}</Tip> : button;
}

/** A link that looks like a button: it leads somewhere and changes nothing. */
export function ButtonLink({ to, kind, small, icon, label, children }: Looks & { to: To }) {
  const link = (
    <Link to={to} className={classes({ kind, small, label, children })} aria-label={label}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
  return label && !children ? <Tip text={label}>{link}</Tip> : link;
}
