/** A small pipeline with comments, and how the builder shows one: its text, its nodes, and that the server finds nothing wrong. */
export const SHOP = `# The shop. Comments stay.
version: v1
name: Shop

pipeline:
  load:
    name: Load # by night
    tasks:
      # From the old system.
      orders:
        integration: DOWNBEAT
        integration_job: NOOP
        parameters: {}
      customers:
        integration: DOWNBEAT
        integration_job: NOOP
        parameters: {} # nothing to say
        depends_on: [orders]
  report:
    depends_on: [load]
    condition: \${{ task_groups['load'].all().status == 'SUCCEEDED' }}
    tasks:
      mail:
        name: Mail
        integration: DOWNBEAT
        integration_job: NOOP
        parameters: {}
`;

/** The pipeline as it stood, in a version of its own, whatever a test before did with it. */
export const fresh = async (server, alias) => {
  await server.api('DELETE', `/pipelines?alias=${alias}`).catch(() => undefined);
  return server.apply(alias, SHOP);
};
export const stored = async (server, alias, version) => {
  const answer = await fetch(`${server.origin}/api/engine/public/pipeline/data?alias=${alias}${version ? `&version=${version}` : ''}`, { headers: { authorization: `Bearer ${server.key}` } });
  return answer.text();
};
export const text = (page) => page.locator('[data-yaml] .cm-content');
/** What the editor holds: all lines are drawn, as the texts are short. */
export const written = (page) => text(page).evaluate((content) => [...content.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'));
export const node = (page, name) => page.locator(`[data-node="${name}"]`);
export const ready = (page) => page.getByText('The server finds nothing wrong.').waitFor();
export const enter = async ({ page, site, server }, path, alias) => {
  await fresh(server, alias);
  await site.enter(page, path);
  await ready(page);
};
