import { ImageJudge } from '../../../boot/mcuboot/index.ts';
import type { JudgeOptions } from '../../../boot/mcuboot/index.ts';
import { DfuError } from '../../../bytes/index.ts';
import { parseUuid, publicHalf } from '../../../image/index.ts';
import type { Key, SignatureKind } from '../../../image/index.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { BuildOptions } from '../../seams/bootloader-record.ts';

/** What of a build decides which images are good. */
type Trust = Pick<BuildOptions, 'keys' | 'vendor' | 'deviceClass'>;

/** How a board's MCUboot judges images. Throws `INVALID_ARGUMENT` for keys that cannot be trusted together. */
export function boardJudge(model: BoardModel, { keys = [], ...ids }: Trust): ImageJudge {
  return new ImageJudge({
    signature: signatureKind(keys),
    keys: keys.map((key) => publicHalf(key)),
    ...deviceIds({
      vendor: ids.vendor ?? model.mcuboot?.vendor,
      deviceClass: ids.deviceClass ?? model.mcuboot?.deviceClass,
    }),
  });
}

/** Throws `INVALID_ARGUMENT` unless all keys are of one kind, which signs. */
function signatureKind(keys: readonly Key[]): SignatureKind | 'none' {
  const [first] = keys;
  if (first === undefined) return 'none';
  const kinds = [...new Set(keys.map(({ kind }) => kind))];
  if (first.kind !== 'x25519' && kinds.length === 1) return first.kind;
  const expected = 'expected keys of one kind that signs';
  throw new DfuError('INVALID_ARGUMENT', `MCUboot: ${expected}, got ${kinds.join(', ')}`);
}

/** Throws `INVALID_ARGUMENT` for a class name without the vendor that it belongs to. */
function deviceIds({
  vendor,
  deviceClass,
}: Omit<Trust, 'keys'>): Pick<JudgeOptions, 'vendor' | 'deviceClass'> {
  if (deviceClass !== undefined && vendor === undefined && parseUuid(deviceClass) === undefined) {
    const expected = `expected a vendor, or a UUID, got the name "${deviceClass}" alone`;
    throw new DfuError('INVALID_ARGUMENT', `MCUboot: class id: ${expected}`);
  }
  return {
    vendor,
    deviceClass,
  };
}
