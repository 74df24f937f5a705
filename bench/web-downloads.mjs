// What is downloaded to a board in a page: 1 MiB, to boards whose flash takes no time, so that nothing but the page is measured.
import { readFileSync } from 'node:fs';
import { readKey, riotbootImage, signImage } from 'dfukit/image';
import { payloadOf } from './slots.mjs';

const MEBIBYTE = 1 << 20;
const BASE = 0x0800_0000;
const RAM = 0x2000_0000;
const MCUBOOT_HEADER = 0x200;
const RIOTBOOT_HEADER = 0x400;
const SECOND_SLOT = 0x21_0000;

const board = {
  name: 'bench-board',
  chip: 'BENCH',
  flash: { sectors: [{ count: 1024, sizeBytes: 4096 }], writeUnitBytes: 4 },
  flashBaseAddress: BASE,
  ram: { baseAddress: RAM, sizeBytes: 0x4_0000 },
  buttons: [
    { name: 'sw0', pin: 'PC13', closesTo: 'supply', externalPull: 'down', mode: 'GPIO_IN_PD' },
  ],
  sensors: [],
};

const slots = [
  { offsetBytes: 0x1_0000, sizeBytes: 0x20_0000 },
  { offsetBytes: SECOND_SLOT, sizeBytes: 0x1f_0000 },
];

/** A program of that size that begins with vectors into itself. */
function program(sizeBytes, address) {
  const bytes = payloadOf(sizeBytes, 1);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, RAM + 0x1000, true);
  view.setUint32(4, address + 9, true);
  return bytes;
}

/** The key that the site's boards trust. */
function demonstrationKey() {
  const source = new URL('../web/boards/demonstration-key.ts', import.meta.url);
  const [pem] = /-----BEGIN[^]*END PRIVATE KEY-----/.exec(readFileSync(source, 'utf8')) ?? [];
  if (pem === undefined) throw new Error('there is no key in web/boards/demonstration-key.ts');
  return readKey(pem);
}

async function signed() {
  const options = {
    version: { major: 2, minor: 0, revision: 0, build: 0 },
    headerSize: MCUBOOT_HEADER,
    padHeader: true,
    key: await demonstrationKey(),
  };
  const entry = BASE + slots[0].offsetBytes + MCUBOOT_HEADER;
  const { length: overhead } = (await signImage(program(16, entry), options)).bytes;
  const { bytes } = await signImage(program(MEBIBYTE - overhead, entry), options);
  return bytes;
}

function headed() {
  const slotBase = BASE + SECOND_SLOT;
  const payload = program(MEBIBYTE - RIOTBOOT_HEADER, slotBase + RIOTBOOT_HEADER);
  return riotbootImage(payload, { version: 5, headerLength: RIOTBOOT_HEADER, slotBase });
}

/** Each: the size of its blocks, a board file, the file, and whether DFU mode has to be asked for. */
export const downloads = [
  {
    blockBytes: 512,
    board: {
      ...board,
      bootloaders: ['mcuboot'],
      zephyr: {
        target: 'bench_board/bench',
        romStartOffset: MCUBOOT_HEADER,
        boot: { offsetBytes: 0, sizeBytes: 0x1_0000 },
        slots,
      },
    },
    file: await signed(),
    inBootloader: false,
  },
  {
    blockBytes: 64,
    board: {
      ...board,
      bootloaders: ['riotboot_dfu'],
      riotboot: { headerBytes: RIOTBOOT_HEADER, bootloaderBytes: 0x8000, slots },
    },
    file: headed(),
    inBootloader: true,
  },
];
