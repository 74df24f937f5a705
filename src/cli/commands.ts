import type { Command } from 'commander';
import type { Completable } from './shared/completable.ts';
import type { Terminal } from './shared/terminal.ts';

/** A command of dfukit: its line in the help, and where the rest of it is. */
interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<LoadedCommand>;
}

/** Most commands speak commander; one that has another tool's command line reads it itself. */
type LoadedCommand =
  | { command(terminal: Terminal): Command }
  | {
      run(args: readonly string[], terminal: Terminal): Promise<number>;
      /** What a shell may offer; without it, files. */
      completable?(): Completable;
    };

/** All commands, in the order of the help. Only the one that is called is loaded. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  tour: { summary: 'show virtual boards being flashed', load: () => import('./tour/tour.ts') },
  list: { summary: 'list DFU devices', load: () => import('./host/list.ts') },
  download: { summary: 'write a file into a device', load: () => import('./host/download.ts') },
  upload: { summary: 'read a device into a file', load: () => import('./host/upload.ts') },
  detach: {
    summary: 'ask a device into or out of DFU mode',
    load: () => import('./host/detach.ts'),
  },
  doctor: {
    summary: 'say which DFU devices can be used, why not, and how to mend it',
    load: () => import('./doctor/doctor.ts'),
  },
  trace: {
    summary: 'show, convert and redact what was written down with --trace',
    load: () => import('./trace/trace.ts'),
  },
  board: {
    summary: 'virtual boards: run, program, erase; make one out of a build',
    load: () => import('./board/board.ts'),
  },
  firmware: {
    summary: 'firmware for virtual boards: build, flash',
    load: () => import('./firmware/firmware.ts'),
  },
  test: {
    summary: 'run scenarios of updates from files',
    load: () => import('./test/test.ts'),
  },
  image: {
    summary: 'sign, verify, explain and compare images',
    load: () => import('./image/image.ts'),
  },
  manifest: {
    summary: 'make and check firmware manifests, which a web page offers files by',
    load: () => import('./manifest/manifest.ts'),
  },
  flash: {
    summary: 'explain a dump of flash: state, next boots, refusals, power cuts, wear',
    load: () => import('./flash/flash.ts'),
  },
  imgtool: {
    summary: 'make keys, sign and check MCUboot images, with the command line of imgtool',
    load: () => import('./imgtool/imgtool.ts'),
  },
  genhdr: {
    summary: 'make, change and show riotboot headers',
    load: () => import('./genhdr/genhdr.ts'),
  },
  'dfu-util': {
    summary: 'talk to devices with the command line and the words of dfu-util',
    load: () => import('./dfu-util/dfu-util.ts'),
  },
  'dfu-suffix': {
    summary: 'show, add and remove DFU suffixes, as the program of that name',
    load: () => import('./dfu-tools/dfu-suffix.ts'),
  },
  'dfu-prefix': {
    summary: 'show, add and remove prefixes for TI Stellaris and NXP LPC, likewise',
    load: () => import('./dfu-tools/dfu-prefix.ts'),
  },
  'dfuse-pack': {
    summary: 'make DfuSe files, and show what is in them, likewise',
    load: () => import('./dfu-tools/dfuse-pack.ts'),
  },
  completion: {
    summary: 'print a script that lets a shell complete commands, options and values',
    load: () => import('./completion/completion.ts'),
  },
  'install-shims': {
    summary: 'make dfu-util and its companions start dfukit, in a folder of your own',
    load: () => import('./install-shims/install-shims.ts'),
  },
};
