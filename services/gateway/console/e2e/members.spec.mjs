/** Members: who is logged in, with a key or by an identity provider; logins end here and are really over; the audit of one person. */
import assert from 'node:assert/strict';
import { axe, open, settled, shoot } from './harness/browser.mjs';
import { consoleTest, looks } from './harness/console.mjs';
import { until } from './harness/programs.mjs';
import { withProvider } from './harness/provider.mjs';
import { Site } from './harness/site.mjs';

const it = consoleTest({ world: false });
const dialog = (page, name) => page.getByRole('dialog', { name });
const outside = (page) => page.getByRole('heading', { name: 'Sign in to Downbeat' });
const people = (page) => page.getByRole('table', { name: 'People who are logged in' });

/** A browser of somebody who has signed in with a key, and their access token. */
async function comes(browser, site, key) {
  const page = await open(browser, { broken: true });
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/console/session') && answer.ok());
  await site.enter(page, '/settings', key);
  return { page, token: (await (await answered).json()).access_token };
}
const opens = (server, token) => server.api('GET', '/pipelines', undefined, token).then(() => true, (error) => !/: 401 /.test(error.message));

it('the logins of a person are listed; one ends and is refused from then on, then all', async ({ page, site, server, browser }) => {
  const key = await server.newKey('ada', 'EDITOR', ['sales', 'core']);
  const visitors = [await comes(browser, site, key), await comes(browser, site, key)];
  await site.enter(page, '/operate/members');
  const row = people(page).getByRole('row', { name: /ada/ });
  await row.getByText('Editor · sales, core').waitFor();
  assert.match(await row.innerText(), /Key\s+Downbeat console/);
  assert.equal(await people(page).getByRole('row', { name: /dev/ }).getByText('you', { exact: true }).count(), 1);
  await row.getByRole('button', { name: /login/ }).click();
  await page.waitForURL(/person=key%3Aada/);
  const drawer = dialog(page, 'ada');
  await drawer.getByRole('heading', { name: '2 logins' }).waitFor();
  assert.equal(await drawer.getByText('this session').count(), 0);

  // The newest stands first.
  await drawer.getByRole('button', { name: 'End Downbeat console' }).first().click();
  const one = dialog(page, 'End Downbeat console of ada');
  await one.getByText('revoke the key').waitFor();
  await one.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await opens(server, visitors[1].token), true, 'to say no changes nothing');
  await drawer.getByRole('button', { name: 'End Downbeat console' }).first().click();
  await one.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByText('A login of ada has ended').waitFor();
  await until('its token opens nothing', async () => !(await opens(server, visitors[1].token)));
  assert.equal(await opens(server, visitors[0].token), true, 'the other one goes on');
  await visitors[1].page.goto(site.url('/pipelines'));
  await outside(visitors[1].page).waitFor();

  await comes(browser, site, key).then((again) => visitors.push(again));
  await drawer.getByRole('heading', { name: '2 logins' }).waitFor();
  await drawer.getByRole('button', { name: 'End all logins' }).click();
  await dialog(page, 'End all logins of ada').getByRole('button', { name: 'End all logins' }).click();
  await page.getByText('2 logins of ada have ended').waitFor();
  for (const { token } of visitors) await until('no token opens anything', async () => !(await opens(server, token)));
  await people(page).getByRole('row', { name: /ada/ }).waitFor({ state: 'detached' });
  for (const visitor of visitors) await visitor.page.context().close();

  // What became of it stands in the audit, by whom it was done and of whom it is.
  const { entries } = await server.api('GET', '/audit?command=LOG_OUT');
  assert.deepEqual(entries.map((entry) => entry.actor), ['key:dev', 'key:dev', 'key:dev']);
});

it('whoever ends their own session is warned, and is signed out', async ({ page, site, server, browser }) => {
  const other = await comes(browser, site, await server.newKey('boss', 'ADMIN'));
  await site.enter(page, '/operate/members?person=key%3Adev', server.key);
  await dialog(page, 'dev').getByText('this session').waitFor();
  await dialog(page, 'dev').getByRole('listitem').filter({ hasText: 'this session' }).getByRole('button', { name: /^End/ }).click();
  const end = dialog(page, 'End Downbeat console of dev');
  await end.getByText('This session is among them: you will be signed out.').waitFor();
  await end.getByRole('button', { name: 'End', exact: true }).click();
  await outside(page).waitFor();
  await page.reload();
  await outside(page).waitFor();
  assert.equal(await opens(server, other.token), true);
  await other.page.context().close();
}, { broken: true });

it('people are searched, and the URL says by what', async ({ page, site, server, browser }) => {
  const key = await server.newKey('eve', 'VIEWER');
  const viewer = await comes(browser, site, key);
  await site.enter(page, '/operate/members');
  await people(page).getByRole('row', { name: /dev/ }).waitFor();
  await page.getByRole('searchbox').fill('viewer');
  await page.waitForURL(/q=viewer/);
  await people(page).getByRole('row', { name: /dev/ }).waitFor({ state: 'detached' });
  await page.reload();
  await people(page).getByRole('row', { name: /eve/ }).waitFor();
  await page.getByRole('searchbox').fill('nobody');
  await page.getByText('Nothing fits these filters').waitFor();

  // Whoever reads only is told why not, and what each role may.
  await viewer.page.goto(site.url('/operate/members'));
  await viewer.page.getByText('This needs the role Admin; yours is Viewer.').waitFor();
  const roles = viewer.page.getByRole('table', { name: 'What each role may do' });
  assert.deepEqual(await roles.getByRole('row', { name: /Approve or reject/ }).getByRole('cell').allInnerTexts().then((cells) => cells.slice(1).map((cell) => cell.trim().split('\n').at(-1))), ['No', 'Yes', 'Yes', 'Yes']);
  assert.equal(await viewer.page.getByText('Where people have their roles from').count(), 0);
  await assert.rejects(server.api('GET', '/logins', undefined, key), /: 403 /);
  assert.deepEqual(viewer.page.faults, []);
  await viewer.page.context().close();
});

it('the audit is narrowed to one person by the server, from their page and by typing', async ({ page, site, server, browser }) => {
  const key = await server.newKey('carl', 'ADMIN');
  await server.api('PUT', '/pools/of_carl', { slots: 1 }, key);
  await server.api('PUT', '/pools/of_dev', { slots: 1 });
  const carl = await comes(browser, site, key);
  await site.enter(page, '/operate/members?person=key%3Acarl');
  await dialog(page, 'carl').getByRole('link', { name: 'What they did' }).click();
  await page.waitForURL(/\/audit\?actor=key%3Acarl/);
  const audit = page.getByRole('table', { name: 'Audit' });
  await audit.getByRole('row', { name: /of_carl/ }).waitFor();
  assert.equal(await audit.getByRole('row', { name: /of_dev/ }).count(), 0);
  const who = page.getByRole('textbox', { name: /^Who/ });
  assert.equal(await who.inputValue(), 'key:carl');
  await who.fill('dev');
  await page.keyboard.press('Enter');
  await page.waitForURL(/actor=dev/);
  await audit.getByRole('row', { name: /of_dev/ }).waitFor();
  assert.equal(await audit.getByRole('row', { name: /of_carl/ }).count(), 0);
  await who.fill('');
  await page.keyboard.press('Enter');
  await audit.getByRole('row', { name: /of_carl/ }).waitFor();
  await audit.getByRole('link', { name: 'Only what key:carl did' }).first().click();
  await audit.getByRole('row', { name: /of_dev/ }).waitFor({ state: 'detached' });
  assert.equal(await who.inputValue(), 'key:carl');
  await carl.page.context().close();
});

it('people of an identity provider have what its groups are worth, and the page shows the rules', async ({ page, server, browser }) => {
  const { provider, gateway, stop } = await withProvider(server, ['ops=ADMIN', 'data=EDITOR:sales|core', '*=VIEWER']);
  const site = await Site.open(gateway);
  const enters = async (page, email, groups, path) => {
    provider.person = { email, groups };
    await page.goto(site.url(path));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'Go on' }).click();
    await page.locator('#main').waitFor();
  };
  try {
    const bob = await open(browser, { broken: true });
    await enters(bob, 'bob@example.org', ['data'], '/settings');
    await enters(page, 'ada@example.org', ['ops'], '/operate/members');
    const row = people(page).getByRole('row', { name: /bob@example\.org/ });
    await row.getByText('Identity provider').waitFor();
    await row.getByText('Editor · sales, core').waitFor();
    const rules = page.getByRole('table', { name: 'Rules for groups' });
    assert.match(await rules.innerText(), /ops\s+Admin\s+data\s+Editor · sales, core\s+Everybody whom the provider knows\s+Viewer/);
    await page.getByText(provider.issuer).waitFor();
    await settled(page);
    await rules.scrollIntoViewIfNeeded();
    await shoot(page, 'members-provider');
    assert.deepEqual(await axe(page), []);

    await row.getByRole('button', { name: /login/ }).click();
    await dialog(page, 'bob@example.org').getByRole('button', { name: /^End/ }).click();
    const end = dialog(page, /End Downbeat console of bob/);
    await end.getByText('take them out of their groups there').waitFor();
    await end.getByRole('button', { name: 'End', exact: true }).click();
    await row.waitFor({ state: 'detached' });
    await bob.goto(site.url('/pipelines'));
    await outside(bob).waitFor();
    await bob.context().close();
  } finally {
    await site.close();
    await stop();
  }
});

it('in Korean as well', async ({ page, site }) => {
  await site.enter(page, '/operate/members?person=key%3Adev');
  await page.getByRole('heading', { level: 1, name: '구성원과 역할' }).waitFor();
  await dialog(page, 'dev').getByText('현재 세션').waitFor();
  await settled(page);
  await shoot(page, 'members-korean');
  await page.goto(site.url('/operate/members'));
  await page.getByText('사용자는 키로 로그인하며, 키가 유효한 동안 키와 같은 권한을 갖습니다.').waitFor();
}, { language: 'ko-KR', zone: 'Asia/Seoul' });

looks(it, {
  members: '/operate/members',
  'members-person': '/operate/members?person=key%3Adev',
  'keys-beside': '/operate/keys',
  'audit-actor': '/audit?actor=dev',
});
