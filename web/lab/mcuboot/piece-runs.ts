import { ERASED_PIECE } from 'dfukit/lab';
import { hexNumber } from '../hex.ts';
import type { SceneArea, SceneImage } from './swap-calls.ts';

// What stands in an area, piece by piece, and in words.

/** What a piece is: of an image (from 0), erased, of the trailer, or something else. */
type PieceKind = number | 'erased' | 'trailer' | 'other';

/** Pieces that follow each other as they do in their image. */
export interface PieceRun {
  readonly kind: PieceKind;
  /** From the start of the area, in bytes. */
  readonly from: number;
  readonly to: number;
  /** Of an image: where in it the first one is, in bytes. */
  readonly source: number | undefined;
}

interface Known {
  readonly images: readonly SceneImage[];
  readonly pieceBytes: number;
}

/** The image that a code is of, and which piece of it. */
function imageOfCode(
  code: number,
  images: readonly SceneImage[],
): { readonly image: number; readonly piece: number } | undefined {
  let first = 0;
  for (const [image, { pieces }] of images.entries()) {
    if (code >= first && code < first + pieces) return { image, piece: code - first };
    first += pieces;
  }
  return undefined;
}

/** The pieces of an area, those alike that follow each other as one. */
export function runsOf(codes: readonly number[], area: SceneArea, known: Known): PieceRun[] {
  const { pieceBytes, images } = known;
  const { offsetBytes, sizeBytes, trailerBytes } = area;
  const runs: { kind: PieceKind; from: number; to: number; source: number | undefined }[] = [];
  for (let at = 0; at < sizeBytes; at += pieceBytes) {
    const code = codes[(offsetBytes + at) / pieceBytes] ?? ERASED_PIECE;
    const found = imageOfCode(code, images);
    const inTrailer = at + pieceBytes > sizeBytes - trailerBytes;
    const other = inTrailer ? 'trailer' : 'other';
    const kind = found?.image ?? (code === ERASED_PIECE ? 'erased' : other);
    const source = found === undefined ? undefined : found.piece * pieceBytes;
    const last = runs.at(-1);
    const follows =
      last?.kind === kind &&
      (last.source === undefined || last.source + (at - last.from) === source);
    const to = Math.min(sizeBytes, at + pieceBytes);
    if (follows) last.to = to;
    else runs.push({ kind, from: at, to, source });
  }
  return runs;
}

/** A run in words: `0x0 to 0x7ff: 1.0.0+0 from 0x400`. */
export function runText(
  { kind, from, to, source }: PieceRun,
  images: readonly SceneImage[],
): string {
  const place = `${hexNumber(from)} to ${hexNumber(to - 1)}`;
  if (typeof kind === 'number') {
    return `${place}: version ${images[kind]?.name ?? '?'} from ${hexNumber(source ?? 0)} on`;
  }
  const words = {
    erased: 'erased',
    trailer: 'trailer',
    other: 'bytes of neither image, or in part',
  } as const;
  return `${place}: ${words[kind]}`;
}
