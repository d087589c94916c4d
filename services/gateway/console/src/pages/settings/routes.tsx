/** The pages of this area, and what it adds to the palette: to change theme, language and time zone from anywhere. */
import type { Area, Command } from '../../app/area';
import { change, type Settings } from '../../app/settings';
import { t } from '../../i18n';
import type { IconName } from '../../parts/Icon';

const set = (id: string, name: string, icon: IconName, some: Partial<Settings>): Command => ({
  id,
  name,
  group: t('shell.nav.settings'),
  icon,
  run: () => change(some),
});

export const area: Area = {
  id: 'settings',
  routes: [{ path: '/settings', load: () => import('./Settings').then((page) => ({ default: page.Settings })) }],
  commands: () => [
    { id: 'settings', name: t('shell.nav.settings'), group: t('shell.palette.pages'), icon: 'settings', to: '/settings' },
    set('dark', `${t('settings.theme')}: ${t('settings.theme.dark')}`, 'moon', { theme: 'dark' }),
    set('light', `${t('settings.theme')}: ${t('settings.theme.light')}`, 'sun', { theme: 'light' }),
    set('system', `${t('settings.theme')}: ${t('settings.theme.system')}`, 'settings', { theme: 'system' }),
    set('en', `${t('settings.language')}: English`, 'settings', { language: 'en' }),
    set('ko', `${t('settings.language')}: 한국어`, 'settings', { language: 'ko' }),
    set('utc', `${t('settings.zone')}: UTC`, 'clock', { zone: 'UTC' }),
    set('local', `${t('settings.zone')}: ${Intl.DateTimeFormat().resolvedOptions().timeZone}`, 'clock', { zone: 'local' }),
  ],
};
