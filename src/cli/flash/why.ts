import { explainSlots } from '../../lab/index.ts';
import { withDoubts } from './doubt-line.ts';
import { allDoubts, openWithLayout } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { explainReading, readingOf } from './reading.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Options of `dfukit flash why`. */
export interface WhyOptions extends LayoutOptions {
  readonly json?: true | undefined;
}

/** `dfukit flash why`; the answer is 1 if nothing runs. */
export async function flashWhy(
  terminal: Terminal,
  path: string,
  options: WhyOptions,
): Promise<number> {
  const read = await readingOf(terminal, path, options);
  if (read !== undefined) return explainReading(terminal, read, options.json === true);
  const opened = await openWithLayout(terminal, path, options);
  const { device, doubts } = opened;
  const slots = await explainSlots(device);
  const code = device.config.images.every((_, n) =>
    slots.some(({ image, fate }) => image === n && fate === 'runs'),
  )
    ? 0
    : 1;
  if (options.json === true) {
    const answers = slots.map((each) => ({ ...each, doubts: allDoubts(opened) }));
    terminal.out.write(`${JSON.stringify(answers, null, 2)}\n`);
    return code;
  }
  for (const [n, { image, slot, version, hash, fate, reason }] of slots.entries()) {
    const name = `${slot === 0 ? 'primary' : 'secondary'}${image}`;
    const mark = hash === undefined ? '' : ` (hash ${hash}…)`;
    const what = version === undefined ? '' : ` ${version}${mark}`;
    const line = `${name}${what}: ${fate}: ${reason}`;
    terminal.out.write(`${n === 0 ? withDoubts(line, doubts) : line}\n`);
  }
  return code;
}
