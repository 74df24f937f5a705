import { bootloaderOf, boardModel, readBoardFile } from 'dfukit/board';
import type { BoardModel, BootloaderRecord } from 'dfukit/board';
import { generateKey, isPrivateKey, readKey, writePrivatePem } from 'dfukit/image';
import type { PrivateKey } from 'dfukit/image';
import { DfuError } from 'dfukit';
import type { BoardOrder } from './board-client.ts';

/** What an order comes to, before there is a board. */
export interface OrderedBoard {
  readonly model: BoardModel;
  readonly record: BootloaderRecord;
  /** One of the record's modes; undefined: its first. */
  readonly mode: string | undefined;
  /** For a bootloader that trusts one. */
  readonly key: PrivateKey | undefined;
  /** The same in PEM. */
  readonly keyText: string | undefined;
}

/** What Zephyr's MCUboot is built for takes a second to make; this kind is there at once. */
const KIND = 'ecdsa-p256';

async function keyOf(order: BoardOrder): Promise<{ key: PrivateKey; keyText: string }> {
  const keyText = order.key ?? (await writePrivatePem(await generateKey(KIND)));
  const key = await readKey(keyText);
  if (isPrivateKey(key)) return { key, keyText };
  throw new DfuError(
    'INVALID_ARGUMENT',
    'the board’s key: expected a private key, got a public one',
  );
}

/** Throws `NOT_FOUND` or `INVALID_ARGUMENT` for a board that cannot be had. */
export async function orderedBoard(order: BoardOrder): Promise<OrderedBoard> {
  const { board, bootloader } = order;
  const model = typeof board === 'string' ? boardModel(board) : readBoardFile(board);
  const [name, mode] = bootloader?.split(':') ?? [];
  const record = bootloaderOf(model, name, mode);
  const trusted = record.trustsKeys ? await keyOf(order) : { key: undefined, keyText: undefined };
  return { model, record, mode, ...trusted };
}
