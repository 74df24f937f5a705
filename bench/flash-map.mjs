// What all of a flash holds, explained anew after a change, as the laboratory does it many times a second while flash is written.
import {
  boardModel,
  bootloaderOf,
  flashExplainer,
  mcubootLayout,
  programFlash,
} from 'dfukit/board';
import { ApplicationSide } from 'dfukit/boot/mcuboot';
import { MemoryFlash } from 'dfukit/flash';
import { generateKey, signImage } from 'dfukit/image';
import { figure, median } from './figure.mjs';
import { payloadOf } from './slots.mjs';

const BOARDS = ['reel_board', 'nucleo_u575zi_q'];
const TRIES = 40;
const HEADER_BYTES = 0x400;
/** What is left free in a slot, in sectors: the trailer, and room to swap. */
const FREE_SECTORS = 6;

const key = await generateKey('ecdsa-p256');

/** A board with an image as large as its slots take in the first one, and another one that is not there yet. */
async function boardWith(name) {
  const model = boardModel(name);
  const layout = bootloaderOf(model, 'mcuboot').layout(model);
  const flash = new MemoryFlash(model.flash);
  const [{ address, sizeBytes }, second] = layout.slots;
  const sectorBytes = flash.sectors.at(0).sizeBytes;
  const imageBytes = sizeBytes - FREE_SECTORS * sectorBytes;
  const imageOf = async (major) => {
    const payload = payloadOf(imageBytes - HEADER_BYTES - 512, major);
    const view = new DataView(payload.buffer);
    view.setUint32(0, model.ram.baseAddress + 0x1000, true);
    view.setUint32(4, address + HEADER_BYTES + 9, true);
    const version = { major, minor: 0, revision: 0, build: 0 };
    const options = { version, headerSize: HEADER_BYTES, padHeader: true, key };
    return (await signImage(payload, options)).bytes;
  };
  programFlash(flash, layout, await imageOf(1), { slot: 0 });
  const { explain } = await flashExplainer(model, { build: { keys: [key] } });
  const { config } = mcubootLayout(model);
  const secondAt = second.address - model.flashBaseAddress;
  return { flash, explain, config, layout, secondAt, update: await imageOf(2), imageBytes };
}

/** The middle of many explanations, each after `change`. */
async function explained(what, { flash, explain, imageBytes }, change) {
  const times = [];
  let cpuUs = 0;
  for (let n = 0; n < TRIES; n += 1) {
    change(n);
    const contents = flash.read(0, flash.sizeBytes);
    const before = process.cpuUsage();
    const began = performance.now();
    await explain(contents);
    times.push(performance.now() - began);
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
  }
  figure(`flash explained, ${what}`, median(times), 'ms', { imageBytes });
  const cpuMs = cpuUs / 1000 / TRIES;
  figure(`flash explained, ${what}, processor time`, cpuMs, 'ms', { imageBytes });
}

for (const name of BOARDS) {
  const bench = await boardWith(name);
  const { flash, config, secondAt, update } = bench;
  const unit = flash.geometry.writeUnitBytes;
  await explained('one image', bench, () => {});
  const step = Math.floor(update.length / TRIES / unit) * unit;
  await explained('another one arriving', bench, (n) =>
    flash.program(secondAt + n * step, update.subarray(n * step, (n + 1) * step)),
  );
  const rest = update.subarray(TRIES * step);
  const padded = new Uint8Array(Math.ceil(rest.length / unit) * unit).fill(0xff);
  padded.set(rest);
  flash.program(secondAt + TRIES * step, padded);
  new ApplicationSide(flash, config).setPending();
  await explained('a swap asked for', bench, () => {});
}
