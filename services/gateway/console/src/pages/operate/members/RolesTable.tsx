/** What each role may do: words only, for whoever wonders why something is not offered. */
import { t } from '../../../i18n';
import { Icon } from '../../../parts/Icon';
import { Card } from '../../../parts/Page';
import { Table } from '../../../parts/Table';
import { ROLES } from '../keys/roles';
import css from '../operate.module.css';
import { ACTS, may } from './acts';
import members from './members.module.css';

export function RolesTable() {
  return (
    <Card flush title={t('members.roles')}>
      <Table
        label={t('members.roles')}
        rows={[...ACTS]}
        id={([act]) => act}
        columns={[
          { id: 'act', name: t('members.act'), cell: ([act]) => t(`members.act.${act}`) },
          ...ROLES.map((role) => ({
            id: role, name: t(`shell.role.${role}`), tight: true, wide: true,
            cell: ([, least]: (typeof ACTS)[number]) => (
              <span className={may(role, least) ? members.yes : members.no}>
                {may(role, least) ? <Icon name="check" /> : <span aria-hidden="true">–</span>}
                <span className="only-spoken">{t(may(role, least) ? 'operate.yes' : 'operate.no')}</span>
              </span>
            ),
          })),
          { id: 'least', name: t('members.act.least'), tight: true, narrow: true, cell: ([, least]) => t(`shell.role.${least}`) },
        ]}
      />
      <p className={css.foot}>{t('members.roles.more')}</p>
    </Card>
  );
}
