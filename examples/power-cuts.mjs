// The power-cut laboratory on a dump of flash: MCUboot is about to swap two images, and the power is cut at every flash
// operation of that boot, in each way. With a dump of your own and your layout it tells whether your device survives.
//
//   node examples/power-cuts.mjs
import { ImageJudge } from 'dfukit/boot/mcuboot';
import { MemoryFlash } from 'dfukit/flash';
import { generateKey, publicHalf, signImage } from 'dfukit/image';
import { dumpOf, explorePowerCuts, inspectFlash, openDump, stageUpdate } from 'dfukit/lab';

// The layout: two slots of eight sectors, swapped by way of one spare sector of the first slot.
const geometry = {
  sectors: [{ sizeBytes: 4096, count: 16 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
};
const config = {
  algorithm: 'swap-using-move',
  images: [
    {
      primary: { offsetBytes: 0, sizeBytes: 0x8000 },
      secondary: { offsetBytes: 0x8000, sizeBytes: 0x8000 },
    },
  ],
  maxImgSectors: 8,
};
const key = await generateKey('ed25519');
const judge = new ImageJudge({ signature: 'ed25519', keys: [publicHalf(key)] });

async function imageOf(major) {
  const program = new Uint8Array(12_000).fill(major);
  const version = { major, minor: 0, revision: 0, build: 0 };
  return (await signImage(program, { version, headerSize: 0x200, padHeader: true, key })).bytes;
}

// A device in the field: it runs version 1, has version 2 in its other slot and tries it at the next boot.
const field = { flash: new MemoryFlash(geometry), config, judge };
field.flash.program(0, await imageOf(1));
stageUpdate(field, await imageOf(2), { permanent: false });
const dump = dumpOf(field.flash);

// The laboratory has the dump and nothing else of it.
const device = { flash: openDump({ geometry, config }, dump), config, judge };
for (const sentence of (await inspectFlash(device)).sentences) console.log(sentence);

const report = await explorePowerCuts(device, { twice: false });
console.log(`without a cut: ${report.undisturbed.path.join(', ')}`);
console.log(`${report.operations.length} operations, ${report.cases.length} cuts`);
for (const outcome of new Set(report.cases.map((each) => each.outcome))) {
  const { length } = report.cases.filter((each) => each.outcome === outcome);
  console.log(`  ${outcome}: ${length}`);
}
console.log(report.findings.length === 0 ? 'every cut ends well' : 'it can be lost');
