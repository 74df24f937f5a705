import { explainSlots } from '../../lab/index.ts';
import { openWithLayout } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { explainReading, readingOf } from './reading.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash why`. */
export interface WhyOptions extends LayoutOptions {
  readonly json?: true | undefined;
}

/** `dfukit flash why`. */
export async function flashWhy(
  terminal: Terminal,
  path: string,
  options: WhyOptions,
): Promise<number> {
  const read = await readingOf(terminal, path, options);
  if (read !== undefined) return explainReading(terminal, read, options.json === true);
  const { device } = await openWithLayout(terminal, path, options);
  const slots = await explainSlots(device);
  if (options.json === true) {
    terminal.out.write(`${JSON.stringify(slots, null, 2)}\n`);
    return 0;
  }
  for (const { image, slot, version, fate, reason } of slots) {
    const name = `${slot === 0 ? 'primary' : 'secondary'}${image}`;
    const what = version === undefined ? '' : ` ${version}`;
    terminal.out.write(`${name}${what}: ${fate}: ${reason}\n`);
  }
  return 0;
}
