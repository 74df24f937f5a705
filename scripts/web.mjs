// `npm run web`: builds what of the site is missing or out of date, and serves it on this machine (`--help`).
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { builtStamp, stamp } from './build.mjs';
import { newest, prepare, time } from './prepare.mjs';
import { root, run, toolIn } from './run.mjs';
import { serveSite } from './site-server.mjs';

export const siteFolder = `${root}dist-web`;

const EX_USAGE = 64;

const HELP = `npm run web -- [options]

Builds what of the site is missing or out of date, and serves it on this machine until Ctrl-C.

  --port PORT  default 8080; 0 is any that is free
  --host HOST  default 127.0.0.1: nobody else sees it
  --build      builds into dist-web/, and ends
  -h, --help   this
`;

const inputs = ['web', 'docs', 'examples', 'firmware/README.md', 'README.md', 'ARCHITECTURE.md']
  .concat('CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'package.json', 'dist-api')
  .map((name) => `${root}${name}`);

/** As old as what the site was made of when it was built to its end. */
const siteStamp = `${root}node_modules/.cache/dfukit/site-built`;

function isUpToDate() {
  const built = existsSync(`${siteFolder}/index.html`) ? time(siteStamp) : 0;
  return built > Math.max(time(builtStamp), ...inputs.map(newest));
}

/** Builds the site if it is out of date, and the package that it is made of; answers whether it is there. */
export function buildSite() {
  if (prepare() !== undefined) return false;
  if (isUpToDate()) return true;
  console.error('web: building the site');
  // What the tests run in says so there, and would build the site as for its developers.
  const environment = { NODE_ENV: 'production' };
  const args = ['build', '--config', 'web/vite.config.ts', '--logLevel', 'warn'];
  const began = new Date();
  if (!toolIn(environment, 'vite', ...args)) return false;
  stamp(siteStamp, began);
  return true;
}

/** The API reference, if there is none. The site does without it where its tools cannot be installed. */
function documentApi() {
  if (existsSync(`${root}dist-api/index.html`)) return;
  if (!run(process.execPath, [`${root}scripts/docs.mjs`]))
    console.error('web: without the API reference; npm run docs makes it');
}

function optionsOf(args) {
  const options = {
    port: { type: 'string', default: '8080' },
    host: { type: 'string', default: '127.0.0.1' },
    build: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  };
  try {
    const { values } = parseArgs({ args, options });
    if (values.help) return values;
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535)
      throw new Error(`expected a port from 0 to 65535, got ${String(values.port)}`);
    return values;
  } catch (error) {
    console.error(`web: ${error.message}\n`);
    console.error(HELP.trimEnd());
    return process.exit(EX_USAGE);
  }
}

/** Why the site cannot be served there, and what to do. */
function whyNotServed(error, host, port) {
  const there = `--host ${host}`;
  const why = {
    EADDRINUSE: `port ${port} is taken: npm run web -- --port 0 finds one that is free`,
    EACCES: `port ${port} is not yours to open: npm run web -- --port 0 finds one that is free`,
    EADDRNOTAVAIL: `${there} is no address of this machine`,
    ENOTFOUND: `${there} is no address that is known here`,
  }[error.code];
  return why === undefined ? error : new Error(why, { cause: error });
}

async function web({ port, host, build, help }) {
  if (help) return process.stdout.write(HELP) && 0;
  documentApi();
  if (!buildSite()) return console.error('web: failed') ?? 1;
  if (build) return 0;
  const site = await serveSite({ folder: siteFolder, host, port: Number(port) }).catch((error) => {
    throw whyNotServed(error, host, port);
  });
  console.log(`${site.url}  (Ctrl-C ends it)`);
  return undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  try {
    process.exitCode = await web(optionsOf(process.argv.slice(2)));
  } catch (error) {
    console.error(`web: ${error.message}`);
    process.exitCode = 1;
  }
