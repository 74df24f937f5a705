import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { swapDump } from '../../fixtures/machine/boot/boot.ts';
import { nativeBinary } from '../../fixtures/native/native.ts';
import { blocksOf, commandsOf } from './blocks.ts';
import type { Block } from './blocks.ts';

/** What a page needs so that its commands can be typed, and what the tests cannot type as it stands. */
export interface Page {
  /** From the root of the project. */
  readonly path: string;
  /** Files that the page's reader has. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  /** In the environment of its commands: `DFUKIT_BUS`, where a virtual board stands for the reader's device. */
  readonly env?: Readonly<Record<string, string>>;
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
  // Serves until it is ended; the tests of the site build and serve it themselves.
  'npm run web': undefined,
  // Installed already.
  'npm ci --ignore-scripts': undefined,
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

const zephyrSign = 'npx dfukit imgtool sign -k root-rsa-2048.pem -H 0x200 -S 0x76000 --align 4';

/** A program in C for a chip whose machine code is executed. */
function machineProgram(chip: string, name: string): Uint8Array {
  const folder = join(import.meta.dirname, '../../fixtures/machine');
  return new Uint8Array(readFileSync(join(folder, chip, 'built', name)));
}

/** An application with so much data that its image takes more than a sector. */
function withData(code: Uint8Array): Uint8Array {
  return Uint8Array.from([...code, ...app.subarray(0, 4500)]);
}

const builds = join(import.meta.dirname, '../../fixtures/builds');

/** Files of a build that is a fixture, as they stand in the reader's folder. */
function built(name: string, folder: string, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => [`${folder}${path}`, readFileSync(join(builds, name, path), 'utf8')]),
  );
}

/** A build of Zephyr with sysbuild. */
const zephyrBuild = built('nrf52840dk', 'build/', [
  'domains.yaml',
  'hello/zephyr/.config',
  'hello/zephyr/zephyr.dts',
  'mcuboot/zephyr/.config',
  'mcuboot/zephyr/zephyr.dts',
]);

const sample =
  'npx dfukit firmware build usb-dfu --config CONFIG_APP_USB_DFU_USE_FLASH_BACKEND --board reel_board';

const root = resolve(import.meta.dirname, '../../..');

/** The scenarios of docs/scenarios.md, in the order in which they stand there. */
function scenario(number: number): string {
  const blocks = blocksOf(readFileSync(join(root, 'docs/scenarios.md'), 'utf8'));
  const whole = blocks.filter(
    ({ language, lines }) => language === 'yaml' && lines.some((line) => line.startsWith('board:')),
  );
  return whole[number]?.lines.join('\n') ?? '';
}

/** The folders of examples: their READMEs, with the files beside them. */
const exampleFolders: readonly Page[] = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => examplePage(name));

function examplePage(name: string): Page {
  const path = `examples/${name}/README.md`;
  const files = filesBeside(name);
  if (name === 'own-bootloader')
    return { path, files: { ...files, 'pico.bin': swapDump('careful') } };
  if (name !== 'zephyr-sysbuild') return { path, files };
  const { before, files: outputs } = zephyrBuilds();
  return { path, before, files: { ...files, ...outputs } };
}

/** What a reader of that example has of his own: two builds, and the key that signs them. */
function zephyrBuilds(): Required<Pick<Page, 'before' | 'files'>> {
  const signed = (version: string, from: string, to: string): string =>
    `npx dfukit imgtool sign -k root.pem -H 0x200 -S 0x76000 --align 4 -v ${version} ${from} ${to}/hello/zephyr/zephyr.signed.bin`;
  return {
    files: {
      ...zephyrBuild,
      'next/hello/zephyr/.config': '',
      'one.bin': nativeBinary('zephyr-slot0-1.0.0'),
      'two.bin': nativeBinary('zephyr-slot0-2.0.0'),
    },
    before: [
      'npx dfukit imgtool keygen -k root.pem -t rsa-2048',
      signed('1.0.0', 'one.bin', 'build'),
      signed('2.0.0', 'two.bin', 'next'),
    ],
  };
}

function filesBeside(name: string): Readonly<Record<string, Uint8Array>> {
  const folder = join(root, 'examples', name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'README.md')
    .map(({ parentPath, name: file }) => join(parentPath, file));
  return Object.fromEntries(files.map((file) => [relative(folder, file), readFileSync(file)]));
}

export const pages: readonly Page[] = [
  {
    path: 'docs/board-import.md',
    files: {
      ...zephyrBuild,
      ...built('riot-nrf52840dk', '', ['riot.vars']),
      'zephyr.bin': nativeBinary('zephyr-slot0-1.0.0'),
    },
    before: ['npx dfukit imgtool keygen -k root-rsa-2048.pem -t rsa-2048'],
  },
  { path: 'docs/board-json.md' },
  {
    path: 'docs/production.md',
    given: [
      "import type { Clock, UsbBus } from 'dfukit/usb';",
      'declare const clock: Clock, left: UsbBus, right: UsbBus, file: Uint8Array;',
    ].join('\n'),
  },
  { path: 'docs/boards.md' },
  {
    path: 'docs/ci.md',
    files: {
      ...zephyrBuild,
      'old.bin': withData(nativeBinary('zephyr-slot0-1.0.0')),
      'new.bin': withData(nativeBinary('zephyr-slot0-2.0.0')),
    },
    before: [
      'npx dfukit imgtool keygen -k root-rsa-2048.pem -t rsa-2048',
      `${zephyrSign} -v 1.0.0 old.bin released.signed.bin`,
      `${zephyrSign} -v 2.0.0 new.bin build/hello/zephyr/zephyr.signed.bin`,
    ],
  },
  { path: 'docs/files.md', files: { 'app.bin': app } },
  {
    path: 'docs/dfu-util.md',
    env: { DFUKIT_BUS: 'usbip://127.0.0.1' },
    before: ['npx dfukit board run particle-xenon'],
  },
  {
    path: 'docs/quirks.md',
    env: { DFUKIT_BUS: 'usbip://127.0.0.1' },
    files: { 'ours.quirks': '# boards of ours\n1209:7d02:poll-time=5ms\n' },
    before: [
      'npx dfukit firmware build hello-world --board stm32f072b_disco -o app.bin',
      'npx dfukit board run stm32f072b_disco',
    ],
  },
  {
    path: 'README.md',
    // The device of one's own: a board with flash that DfuSe can read.
    env: { DFUKIT_BUS: 'usbip://127.0.0.1' },
    before: [
      'npx dfukit firmware build hello-world --board stm32f072b_disco -o app.bin',
      'npx dfukit board run stm32f072b_disco --flash own.bin',
    ],
    given: [
      "import type { WebUsbDevice } from 'dfukit/link/web-usb';",
      'declare const file: Uint8Array;',
      'declare const navigator: { usb: { requestDevice(which: object): Promise<WebUsbDevice> } };',
    ].join('\n'),
  },
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
    path: 'docs/manifest.md',
    files: { 'app.bin': app },
    env: { DFUKIT_BUS: 'usbip://127.0.0.1' },
    before: [
      'npx dfukit imgtool keygen -k key.pem -t ed25519',
      'npx dfukit board run particle-xenon',
    ],
  },
  {
    path: 'docs/laboratory.md',
    files: { 'app.bin': app, 'pico.bin': swapDump('hasty') },
    status: { 'npx dfukit flash powercut pico.bin': 1 },
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
    path: 'docs/machine-code.md',
    files: { 'app.elf': machineProgram('rp2040', 'dfu.elf'), 'update.bin': app },
  },
  {
    path: 'docs/run-time.md',
    given:
      'declare function stopMotors(): Promise<boolean>; declare function startLoader(reason: string): void;',
  },
  {
    path: 'docs/web-usb.md',
    given: [
      'declare const file: Uint8Array;',
      'declare const button: { addEventListener(type: string, listener: () => unknown): void };',
      'declare function showButton(why: string, clicked: () => unknown): void;',
    ].join('\n'),
  },
  {
    path: 'docs/scenarios.md',
    files: {
      'update.yaml': scenario(0),
      'variables.yaml': scenario(1),
      'cuts.yaml': scenario(2),
    },
    before: [
      'npx dfukit imgtool keygen -k root.pem -t ecdsa-p256',
      `${sample} --version 1.0.0 --key root.pem -o v1.bin`,
      `${sample} --version 2.0.0 --key root.pem -o v2.bin`,
    ],
  },
  { path: 'docs/stm32.md' },
  { path: 'docs/traces.md' },
  ...exampleFolders,
  {
    path: 'docs/testing.md',
    given: 'declare function test(name: string, run: () => Promise<void>): void;',
  },
  { path: 'docs/web-flasher.md', given: '/// <reference lib="dom" />' },
  { path: 'docs/endings.md' },
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
