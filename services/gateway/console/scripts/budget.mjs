/**
 * Fails the build when what the first page loads is more than it may be: 400 KiB, compressed with gzip. The first page
 * is what index.html names, all that it imports at once, and the page that opens at `/`.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 400 * 1024;
const FIRST_PAGE = 'src/pages/home/Home.tsx';
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist)));

const files = new Set(['index.html']);
const visit = (name) => {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`the build holds no ${name}`);
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) visit(next);
};
visit('index.html');
visit(FIRST_PAGE);

let sum = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  sum += size;
  console.log(`${(size / 1024).toFixed(1).padStart(8)} KiB  ${file}`);
}
console.log(`${(sum / 1024).toFixed(1).padStart(8)} KiB  of ${BUDGET / 1024} KiB for the first page, gzip`);
if (sum > BUDGET) {
  console.error('The first page is too heavy: load what it does not show at once lazily.');
  process.exit(1);
}
