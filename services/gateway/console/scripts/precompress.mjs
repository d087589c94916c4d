/**
 * Writes a .gz and a .br beside every file of the build that gets smaller by it, so that the gateway compresses nothing
 * while it answers. Source maps and images are left as they are.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = new URL('../dist', import.meta.url).pathname;
const TEXT = /\.(js|css|html|svg|json|txt|wasm)$/;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

for (const path of files(root)) {
  if (!TEXT.test(path)) continue;
  const text = readFileSync(path);
  const packed = {
    gz: gzipSync(text, { level: 9 }),
    br: brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } }),
  };
  for (const [ending, bytes] of Object.entries(packed)) {
    if (bytes.length < text.length) writeFileSync(`${path}.${ending}`, bytes);
  }
}
