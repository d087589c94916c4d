/** Theme, language, time zone; and who is signed in. */
import { roleName, useMe } from '../../api/me';
import { change, useSettings, zoneName, type Language, type Theme } from '../../app/settings';
import { t } from '../../i18n';
import { useNow } from '../../parts/clock';
import { Field, Select } from '../../parts/Field';
import { Card, Page, Pairs, Tag } from '../../parts/Page';
import { Answer } from '../../parts/states';
import { Choices } from '../../parts/Tabs';
import { Time } from '../../parts/Time';
import { exactTime } from '../../parts/values';
import css from './Settings.module.css';

const zones = () => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

export function Settings() {
  const { theme, language, zone } = useSettings();
  const now = useNow(1_000);
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Page title={t('settings.title')} about={t('settings.about')}>
      <div className={css.cards}>
        <Card title={t('settings.look')}>
          <div className={css.fields}>
            <div>
              <h3>{t('settings.theme')}</h3>
              <Choices<Theme>
                label={t('settings.theme')}
                of={(['system', 'light', 'dark'] as const).map((value) => ({ value, name: t(`settings.theme.${value}`) }))}
                value={theme}
                choose={(chosen) => change({ theme: chosen })}
              />
            </div>
            <div>
              <h3>{t('settings.language')}</h3>
              <Choices<Language>
                label={t('settings.language')}
                of={[
                  { value: 'en', name: 'English' },
                  { value: 'ko', name: '한국어' },
                ]}
                value={language}
                choose={(chosen) => change({ language: chosen })}
              />
            </div>
            <Field label={t('settings.zone')} hint={<>{t('settings.zone.hint')}<br />{t('settings.zone.now', { time: exactTime(now, zoneName()) })}</>}>
              {(id, described) => (
                <Select
                  id={id}
                  aria-describedby={described}
                  value={zone}
                  choices={[{ value: 'local', name: t('settings.zone.local', { zone: local }) }, ...zones().map((name) => ({ value: name, name }))]}
                  choose={(chosen) => change({ zone: chosen })}
                />
              )}
            </Field>
          </div>
        </Card>
        <Card title={t('settings.you')}>
          <Answer of={useMe()}>
            {(me) => (
              <Pairs
                of={[
                  [t('settings.you.name'), me.name],
                  [t('settings.you.kind'), t(me.kind === 'key' ? 'settings.you.key' : 'settings.you.login')],
                  [t('settings.you.role'), `${roleName(me.role)}${me.readOnly ? ` (${t('shell.readOnly')})` : ''}`],
                  [t('settings.you.labels'), me.labels.length > 0 ? me.labels.map((label) => <Tag key={label}>{label}</Tag>) : t('settings.you.whole')],
                  [t('settings.you.account'), me.accountName || undefined],
                  [t('settings.you.expires'), me.expiresAt ? <Time at={me.expiresAt} as="short" /> : undefined],
                ]}
              />
            )}
          </Answer>
        </Card>
      </div>
    </Page>
  );
}
