import { bootloaderOf, boardModel, readBoardFile } from 'dfukit/board';
import type { BoardModel, BootloaderRecord } from 'dfukit/board';
import { isPrivateKey, readKey } from 'dfukit/image';
import type { PrivateKey } from 'dfukit/image';
import { DfuError } from 'dfukit';
import type { BoardOrder } from './board-client.ts';
import { DEMONSTRATION_KEY } from './demonstration-key.ts';

/** What an order comes to, before there is a board. */
export interface OrderedBoard {
  readonly model: BoardModel;
  readonly record: BootloaderRecord;
  /** One of the record's modes; undefined: its first. */
  readonly mode: string | undefined;
  /** The demonstration key, for a bootloader that checks signatures. */
  readonly key: PrivateKey | undefined;
}

async function demonstrationKey(): Promise<PrivateKey> {
  const key = await readKey(DEMONSTRATION_KEY);
  if (isPrivateKey(key)) return key;
  throw new DfuError('MALFORMED', 'the demonstration key: expected a private key');
}

/** Throws `NOT_FOUND` or `INVALID_ARGUMENT` for a board that cannot be had. */
export async function orderedBoard({ board, bootloader }: BoardOrder): Promise<OrderedBoard> {
  const model = typeof board === 'string' ? boardModel(board) : readBoardFile(board);
  const [name, mode] = bootloader?.split(':') ?? [];
  const record = bootloaderOf(model, name, mode);
  const checks = record.trustsKeys && model.mcuboot?.signature !== 'none';
  const key = checks ? await demonstrationKey() : undefined;
  return { model, record, mode, key };
}
