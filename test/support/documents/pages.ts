import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeBinary } from '../../fixtures/native/native.ts';
import { commandsOf } from './blocks.ts';
import type { Block } from './blocks.ts';

/** What a page needs so that its commands can be typed, and what the tests cannot type as it stands. */
export interface Page {
  /** From the root of the project. */
  readonly path: string;
  /** Files that the page's reader has. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  /** Typed before, so that what the page takes for granted is there. */
  readonly before?: readonly string[];
  /** Declarations of what its programs take for granted. */
  readonly given?: string;
  /** Exit codes that the page tells in words. */
  readonly status?: Readonly<Record<string, number>>;
}

/** Typed as something else, because a test cannot do it so. */
export const instead: Readonly<Record<string, string | undefined>> = {
  // Installs, builds, and then runs this; the fresh folder has the package installed.
  'npm start': 'npx dfukit tour',
  // These tests are part of it.
  'npm test': undefined,
  // Lent, as it is here: nothing is fetched.
  'npm install --ignore-scripts node-liblzma@5.1.3': undefined,
};

/** Whether the kernel of the machine has a part in what a block tells its reader to type: the kernel lab types it. */
export function isForKernel(block: Block): boolean {
  return commandsOf(block).some(({ command }) =>
    /^(?:sudo )?(?:modprobe|dfu-util|usbip) |--attach\b/.test(command),
  );
}

/** An application that any tool takes: bytes that are none of a known format. */
const app = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

const sign = 'npx dfukit imgtool sign -k root.pem -H 0x200 --pad-header -S 0x76000 --align 4';

const builds = join(import.meta.dirname, '../../fixtures/builds');

/** Files of a build that is a fixture, as they stand in the reader's folder. */
function built(name: string, folder: string, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => [`${folder}${path}`, readFileSync(join(builds, name, path), 'utf8')]),
  );
}

export const pages: readonly Page[] = [
  {
    path: 'docs/board-import.md',
    files: {
      ...built('nrf52840dk', 'build/', [
        'domains.yaml',
        'hello/zephyr/.config',
        'hello/zephyr/zephyr.dts',
        'mcuboot/zephyr/.config',
        'mcuboot/zephyr/zephyr.dts',
      ]),
      ...built('riot-nrf52840dk', '', ['riot.vars']),
      'zephyr.bin': nativeBinary('zephyr-slot0-1.0.0'),
    },
    before: ['npx dfukit imgtool keygen -k root-rsa-2048.pem -t rsa-2048'],
  },
  { path: 'docs/board-json.md' },
  { path: 'README.md', given: 'declare const file: Uint8Array;' },
  {
    path: 'docs/images.md',
    files: { 'app.bin': app },
    before: [
      'npx dfukit imgtool keygen -k other.pem -t ed25519',
      'npx dfukit image sign app.bin -k other.pem -v 1.1.0 -S 0x68000 -o other.signed.bin',
    ],
    status: { 'npx dfukit image diff': 1 },
    given: 'declare const payload: Uint8Array;',
  },
  {
    path: 'docs/laboratory.md',
    files: { 'app.bin': app },
    before: [
      'npx dfukit imgtool keygen -k root.pem -t ed25519',
      'npx dfukit firmware build hello-world --board reel_board --version 1.0.0 --key root.pem -o one.bin',
      `${sign} -v 2.0.0 app.bin app.signed.bin`,
      `${sign} -v 2.0.0 --pad app.bin padded.bin`,
      'npx dfukit board program reel_board one.bin --flash dump.bin',
      'npx dfukit board program reel_board padded.bin --slot 1 --flash dump.bin',
    ],
  },
  {
    path: 'docs/run-time.md',
    given:
      'declare function stopMotors(): Promise<boolean>; declare function startLoader(reason: string): void;',
  },
  { path: 'docs/stm32.md' },
  { path: 'docs/when-an-update-fails.md' },
  {
    path: 'docs/your-firmware.md',
    files: {
      'zephyr.bin': nativeBinary('zephyr-slot0-1.0.0'),
      'update.bin': nativeBinary('zephyr-slot0-2.0.0'),
      'slot1.bin': nativeBinary('zephyr-slot1-2.0.0'),
      'slot0.bin': nativeBinary('riot-slot0-1.0.0'),
    },
    before: ['npx dfukit imgtool keygen -k root.pem -t ed25519'],
    status: { 'npx dfukit board program particle-xenon slot0.bin': 64 },
  },
  {
    path: 'docs/zephyr.md',
    given: "declare const board: import('dfukit/board').FirmwareBoard;",
  },
  {
    path: 'firmware/README.md',
    files: {
      'my-firmware/main.ts': [
        "import type { FirmwareBoard } from 'dfukit/board';",
        'export function main(board: FirmwareBoard): void {',
        '  board.console.print(`Hello from slot ${board.image.slot}`);',
        '}',
      ].join('\n'),
    },
  },
];
