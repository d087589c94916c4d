import { describe, expect, it } from 'vitest';
import { aliasOf, cloneUrl, commands, fileName, isAlias, quoted } from './file';

describe('words of a shell', () => {
  it.each([
    ['pipelines/a.yml', 'pipelines/a.yml'],
    ['my file', "'my file'"],
    ["it's", String.raw`'it'\''s'`],
    ['$(rm -rf ~)', "'$(rm -rf ~)'"],
    ['-f', "'-f'"],
    ['', "''"],
  ])('%s', (word, expected) => expect(quoted(word)).toBe(expected));
});

describe('names', () => {
  it.each([['Daily Orders (EU)', 'daily_orders_eu'], ['매출', ''], ['__a__', 'a']])('%s: alias %s', (name, expected) => expect(aliasOf(name)).toBe(expected));
  it('an alias has letters, digits and _ only', () => expect(['a_1', 'a-b', '', 'a b'].map(isAlias)).toEqual([true, false, false, false]));
  it('a file is called as in its repository', () => expect([fileName('etl/a.yaml', 'x'), fileName('', 'My one'), fileName(undefined, '매출')]).toEqual(['a.yaml', 'my_one.yml', 'pipeline.yml']));
});

it.each([
  ['GITHUB', 'acme/etl', 'https://github.com/acme/etl.git'],
  ['GITLAB', 'acme/data/etl', 'https://gitlab.com/acme/data/etl.git'],
  ['GITHUB', 'https://git.example.com/acme/etl', 'https://git.example.com/acme/etl'],
  ['GIT', 'git@example.com:acme/etl.git', 'git@example.com:acme/etl.git'],
])('%s %s is cloned from %s', (storageProvider, repository, expected) => expect(cloneUrl({ storageProvider, repository })).toBe(expected));

it('the commands put the file on a branch of its own', () => {
  expect(commands({ storageProvider: 'GITHUB', repository: 'acme/etl', yamlPath: 'pipelines/my orders.yml' }, 'main', 'downbeat/x', "Don't stop")).toBe(
    [
      'git clone --branch main https://github.com/acme/etl.git',
      'cd etl',
      'git switch -c downbeat/x',
      "cp ~/Downloads/'my orders.yml' 'pipelines/my orders.yml'",
      "git add -- 'pipelines/my orders.yml'",
      String.raw`git commit -m 'Don'\''t stop'`,
      'git push -u origin downbeat/x',
    ].join('\n'),
  );
});
