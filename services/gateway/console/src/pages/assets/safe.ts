/** An address that may be a link: of the web, and nothing that runs. Undefined for all others. */
export function safeLink(text: string | null | undefined): string | undefined {
  if (!text) return undefined;
  try {
    const { protocol } = new URL(text);
    return protocol === 'https:' || protocol === 'http:' ? text : undefined;
  } catch {
    return undefined;
  }
}
