/** The text as a file, and how it gets into a repository. The commands can be pasted into a shell as they are. */
import type { Kept } from '../../../api/source';

export function fileName(path: string | undefined, name: string): string {
  const last = path?.split('/').at(-1);
  return last || `${aliasOf(name) || 'pipeline'}.yml`;
}

/** Letters, digits and `_` only, as aliases are. */
export const aliasOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 255);

export const isAlias = (text: string): boolean => /^[A-Za-z0-9_]{1,255}$/.test(text);

export function offerFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

const HOSTS: Record<string, string> = {
  GITHUB: 'https://github.com/',
  GITLAB: 'https://gitlab.com/',
  BITBUCKET: 'https://bitbucket.org/',
  AZURE_DEVOPS: 'https://dev.azure.com/',
};

/** A word of a shell's command, whatever it holds. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

export function cloneUrl({ storageProvider, repository }: Pick<Kept, 'storageProvider' | 'repository'>): string {
  const host = HOSTS[storageProvider];
  return host && !/[:@]/.test(repository) ? `${host}${repository}${storageProvider === 'AZURE_DEVOPS' ? '' : '.git'}` : repository;
}

export function commands(pipeline: Pick<Kept, 'storageProvider' | 'repository' | 'yamlPath'>, from: string, branch: string, message: string): string {
  const url = cloneUrl(pipeline);
  const folder = url.replace(/\/+$/, '').split(/[/:]/).at(-1)!.replace(/\.git$/, '');
  const path = quoted(pipeline.yamlPath);
  return [
    `git clone ${from ? `--branch ${quoted(from)} ` : ''}${quoted(url)}`,
    `cd ${quoted(folder)}`,
    `git switch -c ${quoted(branch)}`,
    `cp ~/Downloads/${quoted(fileName(pipeline.yamlPath, ''))} ${path}`,
    `git add -- ${path}`,
    `git commit -m ${quoted(message)}`,
    `git push -u origin ${quoted(branch)}`,
  ].join('\n');
}
