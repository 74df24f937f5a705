import { existsSync } from 'node:fs';
import { ImageJudge, examineSlot } from '../../boot/mcuboot/index.ts';
import type { LabDevice } from '../../lab/index.ts';
import { publicHalf } from '../../image/index.ts';
import type { LayoutOptions } from './options.ts';

/**
 * A board of that name, run here, trusts the key of this machine's examples. Whether it would refuse an image for
 * that is a doubt; a key that was never made is not made for it. Undefined if there is nothing to say.
 */
export async function boardTrust(
  { board }: Pick<LayoutOptions, 'board'>,
  { flash, config }: LabDevice,
): Promise<string | undefined> {
  if (board === undefined) return undefined;
  const { examplesKey, examplesKeyPath } = await import('../../board/node/index.ts');
  const path = examplesKeyPath();
  if (!existsSync(path)) return undefined;
  const key = publicHalf(await examplesKey(path));
  const judge = new ImageJudge({ signature: 'rsa-2048', keys: [key] });
  for (const image of config.images.keys()) {
    for (const slot of [0, 1] as const) {
      const found = await examineSlot({ flash, config, judge }, { image, slot });
      if (found.state !== 'refused') continue;
      const { refusedBy } = found.refusal;
      if (refusedBy !== 'key-unknown' && refusedBy !== 'signature') continue;
      const name = `${slot === 0 ? 'primary' : 'secondary'}${image}`;
      return `"board run ${board}" here would refuse ${name}: it is not signed with the key of this machine's examples (${path})`;
    }
  }
  return undefined;
}
