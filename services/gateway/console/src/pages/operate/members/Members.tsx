/** Who is logged in, person by person, what they may and where they have that from; logins end here. Person and search stand in the URL. */
import { useSearchParams } from 'react-router';
import { useDenied } from '../../../api/me';
import { useMe } from '../../../api/me';
import { useLogins } from '../../../api/members';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Search } from '../../../parts/Field';
import { Needs } from '../../../parts/Needs';
import { Card, Page, Tag } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { Grants } from '../Grants';
import { greatest, ROLES } from '../keys/roles';
import css from '../operate.module.css';
import { found, people } from './people';
import { PersonDrawer } from './PersonDrawer';
import { RolesTable } from './RolesTable';
import { SignInCard } from './SignInCard';

export function Members() {
  const denied = useDenied('ADMIN', 'account');
  return (
    <Page title={t('shell.nav.members')} about={t('members.about')}>
      <div className={css.stack}>
        <Needs role="ADMIN">{() => <List />}</Needs>
        <RolesTable />
        {denied === undefined && <SignInCard />}
      </div>
    </Page>
  );
}

function List() {
  const [query, setQuery] = useSearchParams();
  const logins = useLogins();
  const me = useMe().data;
  const text = query.get('q') ?? '';
  const put = (name: string, value: string) =>
    setQuery((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  return (
    <Answer of={logins}>
      {(given) => {
        const all = people(given);
        const shown = found(all, text, (grant) => t(`shell.role.${grant.role}`));
        const open = all.find((person) => person.subject === query.get('person'));
        return (
          <>
            <div className={css.between}>
              <Search label={t('members.search')} value={text} search={(typed) => put('q', typed)} />
              <span className={css.faint} role="status">{t('members.count', { people: shown.length, logins: shown.reduce((sum, one) => sum + one.logins.length, 0) })}</span>
            </div>
            <Card flush title={t('members.people')}>
              <Table
                label={t('members.people')}
                rows={shown}
                id={(person) => person.subject}
                chosen={open?.subject}
                sort="sort"
                size={50}
                columns={[
                  {
                    id: 'name', name: t('operate.name'), by: (person) => person.name,
                    cell: (person) => (
                      <span className={css.row}>
                        <b>{person.name}</b>
                        {person.logins.some((login) => login.id === me?.loginId) && <Tag>{t('members.you')}</Tag>}
                      </span>
                    ),
                  },
                  { id: 'role', name: t('operate.role'), by: (person) => ROLES.indexOf(greatest(person.grants)), cell: (person) => <Grants of={person.grants} /> },
                  { id: 'by', name: t('members.by'), wide: true, by: (person) => person.by, cell: (person) => t(`members.by.${person.by}`) },
                  { id: 'with', name: t('members.with'), wide: true, cell: (person) => [...new Set(person.logins.map((login) => login.client))].join(', ') },
                  { id: 'seen', name: t('members.seen'), tight: true, wide: true, by: (person) => person.seenAt, cell: (person) => <Time at={person.seenAt} /> },
                  {
                    id: 'logins', name: t('members.logins'), tight: true, by: (person) => person.logins.length,
                    cell: (person) => <Button small onClick={() => put('person', person.subject)}>{t('members.logins.of', { count: person.logins.length })}<span className="only-spoken"> {person.name}</span></Button>,
                  },
                ]}
                empty={all.length === 0 ? <Empty icon="user" title={t('members.none')}>{t('members.none.more')}</Empty> : <Empty icon="search" title={t('operate.none.found')} />}
              />
            </Card>
            {open && <PersonDrawer of={open} own={me?.loginId} close={() => put('person', '')} />}
          </>
        );
      }}
    </Answer>
  );
}
