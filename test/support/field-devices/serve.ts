// Lends the devices of the field to this machine's kernel, one at a time, as its standard input says; answers a line of
// JSON each. `{"attach":N}`: case N, new; `{"judge":"file"}`: the memory of the one that is there, which then goes.
import { createInterface } from 'node:readline';
import { UsbipServer, attachToKernel } from '../../../src/link/usbip/index.ts';
import type { ExportedDevice, KernelAttachment } from '../../../src/link/usbip/index.ts';
import { timerClock } from '../../../src/usb/index.ts';
import { FieldDevice, fieldCases } from './index.ts';
import type { FieldCase } from './index.ts';
import type { FieldMemory } from './words.ts';

/** A device that is there. */
interface Lent {
  readonly each: FieldCase;
  readonly device: FieldDevice;
  readonly exported: ExportedDevice;
  readonly attachment: KernelAttachment;
}

const server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
let lent: Lent | undefined;

async function attach(at: number): Promise<object> {
  const each = fieldCases[at];
  if (each === undefined) throw new Error(`no case ${at}`);
  const device = new FieldDevice(each.words);
  const configured = new Promise<void>((resolve) => {
    device.configured = resolve;
  });
  const exported = server.add(device);
  lent = { each, device, exported, attachment: await attachToKernel(exported) };
  await configured;
  return { attached: at };
}

async function judge(memory: FieldMemory): Promise<object> {
  if (lent === undefined) throw new Error('no device');
  const { each, device, exported, attachment } = lent;
  lent = undefined;
  await attachment.close();
  exported.remove();
  return { differs: device.dfu.flash.differs(memory, each) };
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

say({
  cases: fieldCases.map(({ name, words, file, tries }) => {
    const { idVendor, idProduct, runTime, dialect } = words;
    const id = [idVendor, runTime?.idProduct ?? idProduct]
      .map((number) => number.toString(16).padStart(4, '0'))
      .join(':');
    return { name, dialect, id, file: Buffer.from(file).toString('base64'), tries };
  }),
});

for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as { readonly attach?: number; readonly judge?: FieldMemory };
  try {
    if (command.attach !== undefined) say(await attach(command.attach));
    else if (command.judge !== undefined) say(await judge(command.judge));
  } catch (error) {
    say({ error: String(error) });
  }
}
