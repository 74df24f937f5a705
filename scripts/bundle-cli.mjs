// Makes few files of the many that a command is made of: Node finds, reads and compiles each on its own, which was most of
// the time until a command began. The library stays as the compiler made it; nothing imports from `cli`.
//   node scripts/bundle-cli.mjs DIST
// Comes last: it takes the texts for workers, and the firmware, into it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';

const dist = resolve(process.argv[2]);
const folder = resolve(dist, 'cli');

const build = await rolldown({
  input: resolve(folder, 'main.js'),
  platform: 'node',
  // Packages stay where they are installed.
  external: /^[a-z@][^:]*$/i,
});
// CommonJS: the loader of modules proper takes some time of its own to begin, and more for every file. What is only
// there as a module proper is still imported. All in one folder: `cli/shared/main-file.ts` finds the program beside
// the file that it is in.
const options = {
  format: 'cjs',
  comments: false,
  // Not minified: of an error that nobody catches Node shows the line, which would be the whole file.
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
};

/**
 * Which module goes into which file, of those that a download needs: what the program needs to begin, what other commands
 * need too, and what only those need that drive a device. Every other module goes where the bundler puts it.
 */
function groupsOf({ output }) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const reach = (fileName, into = new Set()) => {
    if (!chunks.has(fileName) || into.has(fileName)) return into;
    into.add(fileName);
    for (const each of chunks.get(fileName).imports) reach(each, into);
    return into;
  };
  const chunkOf = (module) => {
    const path = resolve(dist, module);
    const found = output.find(({ moduleIds }) => moduleIds.includes(path));
    if (found === undefined) throw new Error(`bundle: ${module} is in no file`);
    return found.fileName;
  };
  const drives = chunkOf('host/drive.js');
  const others = new Set();
  for (const { fileName, isEntry, isDynamicEntry } of output) {
    if (!isEntry && !isDynamicEntry) continue;
    const reached = reach(fileName);
    if (!reached.has(drives)) for (const each of reached) others.add(each);
  }
  const begin = reach(chunkOf('cli/main.js'));
  const download = new Set();
  for (const module of ['cli/program.js', 'cli/host/download.js', 'link/node-usb/index.js'])
    reach(chunkOf(module), download);
  const nameOf = new Map();
  const put = (names, name) => {
    for (const each of names)
      for (const id of chunks.get(each).moduleIds) if (!nameOf.has(id)) nameOf.set(id, name);
  };
  put(begin, 'begin');
  put(
    [...download].filter((each) => others.has(each)),
    'common',
  );
  put(download, 'drive');
  nameOf.delete(resolve(folder, 'main.js'));
  return ['begin', 'common', 'drive'].map((name, at) => ({
    name,
    test: (id) => nameOf.get(id) === name,
    priority: 3 - at,
  }));
}

const groups = groupsOf(await build.generate(options));
const { output } = await build.generate({ ...options, codeSplitting: { groups } });
await build.close();
rmSync(folder, { recursive: true });
mkdirSync(folder);
/** A single letter beyond ASCII makes V8 hold and read the whole file as two bytes a letter. */
const inAscii = (code) =>
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
for (const { fileName, code } of output) writeFileSync(resolve(folder, fileName), inAscii(code));
writeFileSync(resolve(folder, 'package.json'), '{ "type": "commonjs" }\n');
