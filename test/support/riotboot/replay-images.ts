import { fromHex, hexNumber } from '../../../src/bytes/index.ts';
import { fletcher32, riotbootImage } from '../../../src/image/index.ts';
import { attemptNow, differ, differInBytes } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { describedBytes, sha256 } from '../riotboot-vectors.ts';
import type { RiotbootFolder } from '../riotboot-vectors.ts';

interface Images {
  readonly fletcher32?: readonly {
    readonly length: number;
    readonly fill: string;
    readonly dataHex: string | null;
    readonly fletcher32: string;
  }[];
  readonly slotImages?: readonly {
    readonly file: string;
    readonly version: number;
    readonly startAddr: number;
    readonly headerLen: number;
    readonly payloadLen: number;
    readonly payload: string;
    readonly sha256: string;
  }[];
}

/** Replays the checksums and the images of `genhdr.json`. */
export function replayImages(folder: RiotbootFolder, file: string): ReplayedCase[] {
  const { fletcher32: sums = [], slotImages = [] } = folder.json(file) as Images;
  const checked = sums.map(({ length, fill, dataHex, fletcher32: expected }) =>
    attemptNow(`fletcher32 of ${length} bytes, ${fill}`, () => {
      const filled = new Uint8Array(length).fill(Number.parseInt(fill, 16) || 0);
      const bytes = dataHex === null ? filled : fromHex(dataHex);
      const found = hexNumber(fletcher32(bytes), 8);
      return [...differ('length', length, bytes.length), ...differ('fletcher32', expected, found)];
    }),
  );
  const replayImage = (each: NonNullable<Images['slotImages']>[number]): string[] => {
    const { version, headerLen: headerLength, startAddr: startAddress } = each;
    const payload = describedBytes(each.payload, each.payloadLen);
    const image = riotbootImage(payload, { version, headerLength, startAddress });
    const slotBase = startAddress - headerLength;
    return [
      ...differ('hash', each.sha256, sha256(image)),
      ...differInBytes('image', folder.bytes(each.file), image),
      ...differInBytes(
        'by its slot',
        image,
        riotbootImage(payload, { version, headerLength, slotBase }),
      ),
    ];
  };
  const made = slotImages.map((each) => attemptNow(each.file, () => replayImage(each)));
  return [...checked, ...made];
}
