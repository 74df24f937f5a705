import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { boardModel, firmwareImage } from '../../src/board/index.ts';
import { loadExample } from '../../src/board/node/index.ts';
import { nativeBinary } from '../fixtures/native/native.ts';
import { asRoot, installOnDebian } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';
import { blocksOf, commandsOf } from '../support/documents/blocks.ts';
import { isForKernel, pages } from '../support/documents/pages.ts';
import { documentsFile } from './guest/documents.ts';
import type { KernelBlock } from './guest/documents.ts';
import { fieldServer } from './guest/field-devices.ts';
import { imageFile, images, nativeFile } from './guest/images.ts';
import type { Outcome } from './guest/scenario.ts';

const root = resolve(import.meta.dirname, '../..');
const lab = join(import.meta.dirname, 'lab');

/** What the kernel lab lacks on this machine, if anything. */
export function missingPart(): MissingPart | undefined {
  const install = installOnDebian(`${asRoot('test/kernel/lab install')} && test/kernel/lab setup`);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { what: 'Linux on x86-64, for the kernel lab', install: 'another machine' };
  const { status, stdout } = spawnSync(lab, ['missing'], { encoding: 'utf8' });
  if (status !== 0) return { what: stdout.trim().split('\n').join(' and '), install };
  if (!existsSync(join(root, 'dist/cli/main.js')))
    return { what: 'the build in dist', install: 'npm run build' };
  return undefined;
}

/** Compiles what runs in the guest into a folder; what does not compile writes nothing, there or elsewhere. */
function compileGuest(folder: string): void {
  const project = join(import.meta.dirname, 'guest/tsconfig.json');
  const tsc = join(root, 'node_modules/.bin/tsc');
  const options = ['-p', project, '--outDir', folder, '--noEmitOnError'];
  const compiled = spawnSync(tsc, options, { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(compiled.stdout + compiled.stderr);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}

/** Makes one file of the program that lends the devices of the field. */
function bundleFieldServer(folder: string): void {
  const input = join(root, 'test/support/field-devices/serve.ts');
  const to = ['--file', join(folder, fieldServer), '--format', 'esm', '--platform', 'node'];
  const rolldown = join(root, 'node_modules/.bin/rolldown');
  const bundled = spawnSync(rolldown, [input, ...to], { encoding: 'utf8' });
  if (bundled.status !== 0) throw new Error(bundled.stdout + bundled.stderr);
}

/** Writes the images that the scenarios use into a folder. */
function buildImages(folder: string): void {
  for (const name of images) {
    const { example, slot, version } = name;
    const modules = example === 'usbus-minimal' ? [] : ['usbus_dfu'];
    const image = firmwareImage(loadExample(example, { modules }), {
      model: boardModel('particle-xenon'),
      bootloader: 'riotboot_dfu',
      slot,
      version,
    });
    writeFileSync(join(folder, imageFile(name)), image);
  }
  for (const version of ['1.0.0', '2.0.0'] as const) {
    writeFileSync(join(folder, nativeFile(version)), nativeBinary(`zephyr-slot0-${version}`));
  }
}

/** What the documents tell their readers to type with the kernel's help. */
function kernelBlocks(): KernelBlock[] {
  return pages.flatMap(({ path }) =>
    blocksOf(readFileSync(join(root, path), 'utf8'))
      .filter((block) => isForKernel(block))
      .map((block) => ({
        page: path,
        line: block.line,
        commands: commandsOf(block).map(({ command }) => command),
      })),
  );
}

/** One boot of the guest, which runs its scenarios one after the other. */
export class LabRun {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dfukit-guest-'));
  readonly #outcomes = new Map<string, Outcome>();
  readonly #waiting = new Map<string, () => void>();
  readonly #stop: () => void;
  #said = '';
  #ended = false;

  /** Runs those scenarios whose name contains one of these parts; all, if there is none. */
  constructor(parts: readonly string[] = []) {
    compileGuest(this.#folder);
    bundleFieldServer(this.#folder);
    buildImages(this.#folder);
    writeFileSync(join(this.#folder, documentsFile), JSON.stringify(kernelBlocks()));
    const script = join(this.#folder, 'script');
    writeFileSync(script, 'DFUKIT=$1 IMAGES=$2 node "$2/main.js" "${@:3}"\n');
    const child = spawn(lab, ['run', script, root, this.#folder, ...parts], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LAB_SECONDS: '3600' },
    });
    child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    createInterface(child.stdout).on('line', (line) => this.#take(line));
    child.on('close', () => {
      this.#ended = true;
      for (const wake of this.#waiting.values()) wake();
    });
    this.#stop = () => child.kill('SIGTERM');
  }

  #take(line: string): void {
    if (!line.startsWith('{')) {
      this.#said += `${line}\n`;
      return;
    }
    const outcome = JSON.parse(line) as Outcome;
    this.#outcomes.set(outcome.name, outcome);
    this.#waiting.get(outcome.name)?.();
  }

  /** What came of a scenario, as soon as it is known. Throws what the guest said if it ended without it. */
  async outcome(name: string): Promise<Outcome> {
    if (!this.#outcomes.has(name) && !this.#ended)
      await new Promise<void>((wake) => this.#waiting.set(name, wake));
    const outcome = this.#outcomes.get(name);
    if (outcome === undefined) throw new Error(`the guest ended before:\n${this.#said}`);
    return outcome;
  }

  stop(): void {
    this.#stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
