import { hexNumber } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import { DEFAULT_MAX_ALIGN, DEFAULT_MAX_IMG_SECTORS } from '../image/index.ts';
import type { FlashLayout } from './device.ts';

/** A layout in one line. */
export function layoutText({ geometry, config }: FlashLayout): string {
  const runs = geometry.sectors.map(({ count, sizeBytes }) => `${count} × ${sizeBytes}`);
  const at = ({ offsetBytes, sizeBytes }: FlashRange): string =>
    `${hexNumber(offsetBytes)}:${hexNumber(sizeBytes)}`;
  const pairs = config.images.flatMap(({ primary, secondary }, n) => {
    const number = n === 0 ? '' : String(n);
    return [`primary${number} ${at(primary)}`, `secondary${number} ${at(secondary)}`];
  });
  return [
    config.revert === true ? `${config.algorithm}+revert` : config.algorithm,
    `sectors ${runs.join(', ')}`,
    ...pairs,
    ...(config.scratch === undefined ? [] : [`scratch ${at(config.scratch)}`]),
    `write unit ${geometry.writeUnitBytes}`,
    `max align ${config.maxAlign ?? DEFAULT_MAX_ALIGN}`,
    `max sectors ${config.maxImgSectors ?? DEFAULT_MAX_IMG_SECTORS}`,
    ...(config.logicalSectorBytes === undefined
      ? []
      : [`logical sectors ${config.logicalSectorBytes}`]),
  ].join(', ');
}
