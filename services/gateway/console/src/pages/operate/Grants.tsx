/** Roles, each with the labels to which it is bound, and whether it only reads. */
import type { Grant } from '../../api/keys';
import { t } from '../../i18n';
import { Tag } from '../../parts/Page';
import css from './operate.module.css';

export function Grants({ of }: { of: (Grant & { readOnly?: boolean })[] }) {
  return (
    <span className={css.row}>
      {of.map((grant, at) => (
        <Tag key={at}>{[t(`shell.role.${grant.role}`), ...(grant.labels.length > 0 ? [grant.labels.join(', ')] : []), ...(grant.readOnly ? [t('shell.readOnly')] : [])].join(' · ')}</Tag>
      ))}
    </span>
  );
}
