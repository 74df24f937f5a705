import { readFileSync } from 'node:fs';

/** Bytes of a program of `test/fixtures/machine`, of a chip's folder there: `stm32f0/dfu.bin`. */
export function machineFixture(path: `${string}/${string}`): Uint8Array {
  const [folder = '', name = ''] = path.split('/');
  const url = new URL(`../../fixtures/machine/${folder}/built/${name}`, import.meta.url);
  return Uint8Array.from(readFileSync(url));
}
