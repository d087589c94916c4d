/** Answers that the server does not give by itself when a test needs them: a refusal, at once or when the test says so. */

const refusal = (status, detail) => ({ status, contentType: 'application/json', body: JSON.stringify({ detail }) });

/** Refuses what fits the pattern. Ends with `page.unroute(pattern)`. */
export const refused = (page, pattern, status, detail) => page.route(pattern, (route) => route.fulfill(refusal(status, detail)));

/** Refuses what fits the pattern once `answer` is called; `asked` ends when it was asked for. */
export async function refusedLater(page, pattern, status, detail) {
  let [seen, answer] = [];
  const asked = new Promise((resolve) => (seen = resolve));
  const answered = new Promise((resolve) => (answer = resolve));
  await page.route(pattern, async (route) => {
    seen();
    await answered;
    await route.fulfill(refusal(status, detail));
  });
  return { asked, answer };
}
