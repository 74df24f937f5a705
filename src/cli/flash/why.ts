import { explainSlots } from '../../lab/index.ts';
import { openWithLayout } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { explainRiotboot, riotbootOf } from './riotboot.ts';
import { readImageFile } from '../shared/image-file.ts';
import type { ImageIo } from '../shared/terminal.ts';

/** Options of `dfukit flash why`. */
export interface WhyOptions extends LayoutOptions {
  readonly json?: true | undefined;
}

/** `dfukit flash why`. */
export async function flashWhy(io: ImageIo, path: string, options: WhyOptions): Promise<number> {
  const riotboot = riotbootOf(options, () => readImageFile(io, path).bytes);
  if (riotboot !== undefined) return explainRiotboot(io, riotboot, options.json === true);
  const { device } = await openWithLayout(io, path, options);
  const slots = await explainSlots(device);
  if (options.json === true) {
    io.print(`${JSON.stringify(slots, null, 2)}\n`);
    return 0;
  }
  for (const { image, slot, version, fate, reason } of slots) {
    const name = `${slot === 0 ? 'primary' : 'secondary'}${image}`;
    const what = version === undefined ? '' : ` ${version}`;
    io.print(`${name}${what}: ${fate}: ${reason}\n`);
  }
  return 0;
}
