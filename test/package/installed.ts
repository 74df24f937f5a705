import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of the project. */
export const root: string = resolve(import.meta.dirname, '../..');

/** Runs a command to its end and answers what it printed. Throws with all of it where it fails. */
export function output(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  const said = `${stdout}${stderr}${error?.message ?? ''}`;
  throw new Error(`${command} ${args.join(' ')}: ${status}\n${said}`);
}

/** What `npm pack --json` says. */
interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** A project that has installed the package from its tarball, and nothing that is optional. */
export interface Installed {
  readonly folder: string;
  /** The package in its node_modules. */
  readonly installed: string;
  /** Every file of the tarball. */
  readonly files: Packed['files'];
}

/** Packs, and installs in a folder of its own under the system's temporary one. */
export function installPackage(): Installed {
  // Chromium and compilers report real paths.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dfukit-consumer-')));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(output('npm', pack, root)) as readonly Packed[];
  if (packed === undefined) throw new Error('npm pack has packed nothing');
  const manifest = { name: 'consumer', private: true, type: 'module' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const install = ['install', '--no-audit', '--no-fund', '--omit=optional', '--prefer-offline'];
  output('npm', [...install, `./${packed.filename}`], folder);
  cpSync(join(import.meta.dirname, 'consumer'), folder, { recursive: true });
  return { folder, installed: join(folder, 'node_modules/dfukit'), files: packed.files };
}

/** Gives the consumer a package that this project has: one that types need, not the package itself. */
export function lend({ folder }: Installed, ...names: readonly string[]): void {
  for (const name of names) {
    const target = join(folder, 'node_modules', name);
    if (existsSync(target)) continue;
    mkdirSync(resolve(target, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), target);
  }
}
