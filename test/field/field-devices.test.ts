import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsbipServer } from '../../src/link/usbip/index.ts';
import { timerClock } from '../../src/usb/index.ts';
import { FieldDevice, fieldCases } from '../support/field-devices/index.ts';
import type { FieldTry } from '../support/field-devices/index.ts';
import { ran } from '../support/fake-terminal.ts';

/* The devices of the field and this project's own program; what dfu-util did with them stands beside. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-field-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const isOurs = ({ program, slow }: FieldTry): boolean => program === 'dfukit' && slow !== true;
const here = fieldCases.filter(({ tries }) => tries.some((each) => isOurs(each)));

describe.each(here)('$name ($source)', (each) => {
  const tries = each.tries.filter((one) => isOurs(one));

  test.for(tries)('$args', async ({ args, exit, memory, says = '', outBytes }) => {
    const server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
    try {
      const { host, port } = await server.listen();
      const device = new FieldDevice(each.words);
      server.add(device);
      const [file, out] = [join(folder, 'file'), join(folder, 'out')];
      writeFileSync(file, each.file);
      rmSync(out, { force: true });
      const words = args.map((arg) => (arg === 'FILE' ? file : arg === 'OUT' ? out : arg));
      const ended = await ran([...words, '--bus', `usbip://${host}:${port}`]);
      expect({
        exit: ended.exit,
        differs: device.dfu.flash.differs(memory, each),
        said: ended.out + ended.err,
      }).toEqual({
        exit,
        differs: undefined,
        said: expect.stringMatching(new RegExp(says)) as string,
      });
      expect(existsSync(out) ? readFileSync(out).length : undefined).toBe(outBytes);
    } finally {
      await server.close();
    }
  });
});
