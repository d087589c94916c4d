/** Where people have their roles from: how they sign in here, and what groups of the identity provider are worth, as it is set. */
import { Link } from 'react-router';
import { useSignInRules, type SignInRules } from '../../../api/members';
import { rich, t } from '../../../i18n';
import { Code } from '../../../parts/Code';
import { Card, Pairs } from '../../../parts/Page';
import { Answer } from '../../../parts/states';
import { Table } from '../../../parts/Table';
import { Grants } from '../Grants';
import css from '../operate.module.css';

export function SignInCard() {
  const rules = useSignInRules();
  return (
    <Card title={t('members.from')}>
      <Answer of={rules}>
        {(set) => (
          <div className={css.stack}>
            {set.provider ? <ByProvider of={set.provider} /> : <p>{set.publicUrl === null ? t('members.from.nobody') : t('members.from.key')}</p>}
            <p className={css.faint}>
              {rich(set.provider ? 'members.from.settings' : 'members.from.provider', { flag: <Code copy={false}>--oidc-role</Code>, docs: <Code copy={false}>docs/login.md</Code>, keys: <Link to="/operate/keys">{t('shell.nav.keys')}</Link> })}
            </p>
          </div>
        )}
      </Answer>
    </Card>
  );
}

function ByProvider({ of }: { of: NonNullable<SignInRules['provider']> }) {
  return (
    <>
      <p>{t('members.from.groups')}</p>
      <Pairs
        of={[
          [t('members.issuer'), <Code key="issuer">{of.issuer}</Code>],
          [t('members.claim.user'), <Code key="user">{of.userClaim}</Code>],
          [t('members.claim.groups'), <Code key="groups">{of.groupsClaim}</Code>],
        ]}
      />
      <Table
        label={t('members.rules')}
        rows={of.rules.map((rule, at) => ({ ...rule, at }))}
        id={(rule) => String(rule.at)}
        columns={[
          { id: 'group', name: t('members.group'), cell: (rule) => (rule.group === '*' ? t('members.everybody') : <b>{rule.group}</b>) },
          { id: 'role', name: t('operate.role'), cell: (rule) => <Grants of={[rule]} /> },
        ]}
      />
      <p>{t('members.from.kept')}</p>
    </>
  );
}
