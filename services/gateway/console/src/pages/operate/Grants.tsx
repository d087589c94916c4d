/** Roles, each with the labels to which it is bound. */
import type { Grant } from '../../api/keys';
import { t } from '../../i18n';
import { Tag } from '../../parts/Page';
import css from './operate.module.css';

export function Grants({ of }: { of: Grant[] }) {
  return (
    <span className={css.row}>
      {of.map((grant, at) => (
        <Tag key={at}>{grant.labels.length > 0 ? `${t(`shell.role.${grant.role}`)} · ${grant.labels.join(', ')}` : t(`shell.role.${grant.role}`)}</Tag>
      ))}
    </span>
  );
}
