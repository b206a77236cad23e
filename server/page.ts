/**
 * The page that the server shows, as files in memory.
 *
 * Run from its source, the server bundles `web/main.ts` with esbuild when it starts; a build has
 * the bundle in `dist/web` already. Everything the page loads has the hash of all of it in its
 * path, so a browser may keep it for ever and never mixes two versions. The page itself is asked
 * for each time.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file of the page; the packed forms are made when first asked for. */
export class Asset {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  #brotli: Buffer | null = null;
  #gzip: Buffer | null = null;

  constructor(name: string, body: Buffer) {
    this.type = types[extname(name)] ?? 'application/octet-stream';
    // Weak: the packed forms have the same.
    this.etag = `W/"${digest([body])}"`;
    this.body = body;
  }

  /** The body as the browser likes it best. */
  encoded(acceptEncoding: string): { readonly encoding: string | null; readonly body: Buffer } {
    if (/\bbr\b/.test(acceptEncoding)) {
      this.#brotli ??= brotliCompressSync(this.body);
      return { encoding: 'br', body: this.#brotli };
    }
    if (/\bgzip\b/.test(acceptEncoding)) {
      this.#gzip ??= gzipSync(this.body);
      return { encoding: 'gzip', body: this.#gzip };
    }
    return { encoding: null, body: this.body };
  }
}

export interface Page {
  readonly html: Asset;
  /** By path; immutable. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/**
 * Reads or bundles the page in `folder`: `index.html`, whose references to `main.js` (or
 * `main.ts`) and to the other files beside it are replaced by the paths under which they are
 * served.
 */
export async function loadPage(
  folder = fileURLToPath(new URL('../web/', import.meta.url)),
): Promise<Page> {
  const files = existsSync(`${folder}/main.ts`) ? await bundle(folder) : new Map();
  for (const name of await readdir(folder)) {
    if (!files.has(name) && extname(name) in types) {
      files.set(name, await readFile(`${folder}/${name}`));
    }
  }
  const html = files.get('index.html');
  if (html === undefined) throw new Error(`no index.html in ${folder}`);
  files.delete('index.html');
  const base = `/assets/${digest(files.values())}`;
  const paths = new Map(
    [...files].map(([name, body]) => [`${base}/${name}`, new Asset(name, body)]),
  );
  const linked = html
    .toString()
    .replaceAll(
      /\b(src|href)="[./]*([\w.-]+)"/g,
      (reference: string, key: string, name: string) => {
        const served = name.replace(/\.ts$/, '.js');
        return files.has(served) ? `${key}="${base}/${served}"` : reference;
      },
    );
  return { html: new Asset('index.html', Buffer.from(linked)), assets: paths };
}

async function bundle(folder: string): Promise<Map<string, Buffer>> {
  const { outputFiles } = await build({
    entryPoints: ['main.ts', 'style.css'].map((name) => `${folder}/${name}`).filter(existsSync),
    outdir: folder,
    bundle: true,
    minify: true,
    sourcemap: 'linked',
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return new Map(
    outputFiles.map(({ path, contents }) => [path.slice(folder.length), Buffer.from(contents)]),
  );
}

function digest(bodies: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const body of bodies) hash.update(body);
  return hash.digest('base64url').slice(0, 16);
}
