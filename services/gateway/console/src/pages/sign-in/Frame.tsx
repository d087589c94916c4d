/** The page of somebody who is not signed in. */
import type { ReactNode } from 'react';
import css from './sign-in.module.css';

export function Frame({ title, error, acts, children }: { title: string; error?: string; acts?: ReactNode; children?: ReactNode }) {
  return (
    <main className={css.frame}>
      <div className={css.card}>
        <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" />
        <h1>{title}</h1>
        {children}
        {error && (
          <p className={css.error} role="alert">
            {error}
          </p>
        )}
        {acts && <div className={css.acts}>{acts}</div>}
      </div>
    </main>
  );
}
