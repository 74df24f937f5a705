// The element for web pages, twice: as one module with everything that it needs in it, for those who copy exactly one file, and
// as a small one that loads its parts from beside it, when they are needed.
//   node scripts/bundle-flasher.mjs DIST
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './run.mjs';

const folder = resolve(process.argv[2], 'dfu-flasher');

const main = 'src/dfu-flasher/main.ts';

/**
 * What is a file of its own, and what it begins with. What two of them have in common is in the first one; what a plain
 * download needs is in none of them, but in `core`.
 */
const parts = {
  'run-time': ['src/host/enter-dfu-mode.ts'],
  'read-back': ['src/host/read-plain.ts'],
  formats: ['src/host/file-readers.ts'],
  dfuse: ['src/host/dfuse-part.ts'],
  mcuboot: ['src/flow/findings/images.ts'],
  manifest: ['src/dfu-flasher/page-manifest.ts', 'src/flow/catalogue-of.ts'],
};

/** All that DfuSe takes of `mcuboot`. */
const shared = 'src/image/mcuboot/header.ts';

/** `parts-apart.ts` in place of each `parts.ts`. */
const apart = {
  name: 'parts-apart',
  resolveId(source, importer) {
    if (!source.endsWith('/parts.ts')) return undefined;
    return this.resolve(source.replace(/parts\.ts$/, 'parts-apart.ts'), importer, {
      skipSelf: true,
    });
  },
};

/** What is wrong with devices, and who says so, is for the documents: a page goes by the rest of the table. */
const wordless = {
  name: 'wordless',
  transform(code, id) {
    if (id !== `${root}src/host/quirks/table.ts`) return undefined;
    const rows = code.replace(/^ {4}(?:symptom|source):\s[^]*?,\n(?= {2}\}| {4}\w+:)/gm, '');
    if (/symptom|source/.test(rows)) throw new Error(`dfu-flasher: expected ${id} without words`);
    return rows;
  },
};

/** Neither a style sheet nor a template means anything by how it is indented. */
const narrow = {
  name: 'narrow',
  transform(code, id) {
    if (!id.startsWith(`${root}src/dfu-flasher/`)) return undefined;
    if (id.endsWith('/styles.ts')) {
      const tight = (text) =>
        text
          .replace(/\s+/g, ' ')
          .replace(/ ?([{};,]) ?/g, '$1')
          .replace(/: /g, ':')
          .replaceAll(';}', '}');
      return code.replace(/(?<=css`)[^`]*(?=`)/g, tight);
    }
    return code.includes('html`') ? code.replace(/\n\s+(?=[<$@.?a-z-])/g, '\n') : undefined;
  },
};

const begin = () =>
  rolldown({
    input: { 'dfu-flasher': root + main },
    platform: 'browser',
    tsconfig: `${root}src/dfu-flasher/tsconfig.json`,
    // Of two builds of lit the one that says nothing in the console.
    resolve: { conditionNames: ['browser', 'import', 'default'] },
    treeshake: { manualPureFunctions: ['struct', 'descriptor'] },
    plugins: [narrow, wordless, apart],
  });

const options = {
  format: 'es',
  minify: true,
  comments: false,
  entryFileNames: '[name].js',
  // Another content is another name: whoever serves them may have them kept for good.
  chunkFileNames: 'dfu-flasher-[name]-[hash].js',
};

/** Which module is in which file: by what each part takes that none before it does. */
function groupsOf({ output }) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const chunkOf = (module) => {
    const found = output.find(({ moduleIds }) => moduleIds.includes(`${root}${module}`));
    if (found === undefined) throw new Error(`dfu-flasher: ${module} is in no file`);
    return found;
  };
  const reach = (fileName, into = new Set()) => {
    if (into.has(fileName)) return into;
    into.add(fileName);
    for (const each of chunks.get(fileName).imports) reach(each, into);
    return into;
  };
  const nameOf = new Map();
  const put = (ids, name) => {
    for (const id of ids) if (!nameOf.has(id)) nameOf.set(id, name);
  };
  const reached = (module) =>
    [...reach(chunkOf(module).fileName)].flatMap((each) => chunks.get(each).moduleIds);
  // The page's own file is but a door, which has the name that pages know.
  put([`${root}${main}`], undefined);
  put(reached(main), 'core');
  put([`${root}${shared}`], 'image-header');
  for (const [name, starts] of Object.entries(parts)) put(starts.flatMap(reached), name);
  return ['core', 'image-header', ...Object.keys(parts)].map((name, at) => ({
    name,
    test: (id) => nameOf.get(id) === name,
    priority: 100 - at,
  }));
}

async function inParts() {
  const build = await begin();
  const groups = groupsOf(await build.generate(options));
  const { output } = await build.generate({ ...options, codeSplitting: { groups } });
  await build.close();
  const names = new Set(['dfu-flasher', ...groups.map(({ name }) => name), 'rolldown-runtime']);
  const got = output.map(({ name }) => name);
  if (got.length !== names.size || !got.every((name) => names.has(name))) {
    throw new Error(`dfu-flasher: expected the files ${[...names].join()}, got ${got.join()}`);
  }
  return output;
}

async function inOne() {
  const build = await begin();
  const { output } = await build.generate({
    ...options,
    entryFileNames: 'dfu-flasher.all.js',
    codeSplitting: false,
  });
  await build.close();
  if (output.length !== 1) throw new Error(`dfu-flasher: expected one file, got ${output.length}`);
  return output[0];
}

const licence = (path) => readFileSync(`${root}${path}`, 'utf8').trim();
const [mine, theirs] = ['LICENSE', 'node_modules/lit/LICENSE'].map(licence);
// Whoever serves these files passes them on: the licences go with them.
const licences = `dfukit, <dfu-flasher>

${mine}

---

In it: lit, lit-html, lit-element, @lit/reactive-element

${theirs}
`;
const copyright = (text) => /^Copyright .*$/m.exec(text)[0];
const notice = `/*!
dfukit, <dfu-flasher>: MIT License. ${copyright(mine)}
lit: BSD 3-Clause License. ${copyright(theirs)}
Both in full in dfu-flasher-licences.txt, which belongs beside this file.
*/
`;

mkdirSync(folder, { recursive: true });
const write = (name, text) => writeFileSync(resolve(folder, name), text);
const all = await inOne();
write(all.fileName, `/*!\n${licences}*/\n${all.code}`);
write(all.fileName.replace(/js$/, 'd.ts'), "export * from './public.js';\n");
for (const { fileName, code } of await inParts()) write(fileName, notice + code);
write('dfu-flasher-licences.txt', licences);
