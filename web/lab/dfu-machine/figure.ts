import type { DfuState } from 'dfukit/dfu';
import { DRAWN_STATES } from './states.ts';
import type { Transition } from './transitions.ts';

const BOX = { width: 100, height: 38 };
const STEP = { x: 128, y: 66 };
const ORIGIN = { x: 8 + BOX.width / 2, y: 26 + BOX.height / 2 };
/** Two lines between the same states stand apart by twice this. */
const APART = 7;

export const FIGURE = { width: 2 * STEP.x + BOX.width + 16, height: 3 * STEP.y + BOX.height + 36 };

interface Point {
  readonly x: number;
  readonly y: number;
}

function at(column: number, row: number): Point {
  return { x: ORIGIN.x + column * STEP.x, y: ORIGIN.y + row * STEP.y };
}

export function middleOf(state: DfuState): Point {
  const { column, row } = DRAWN_STATES[state];
  return at(column, row);
}

/** The box of a state. */
export function boxOf(state: DfuState): Point & typeof BOX {
  const { x, y } = middleOf(state);
  return { x: x - BOX.width / 2, y: y - BOX.height / 2, ...BOX };
}

/** Where the way from a point in a box, in the direction of `a` to `b`, leaves the box. */
function leaving(state: DfuState, from: Point, a: Point, b: Point): Point {
  const { x, y, width, height } = boxOf(state);
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const acrossX = dx === 0 ? Infinity : ((dx > 0 ? x + width : x) - from.x) / dx;
  const acrossY = dy === 0 ? Infinity : ((dy > 0 ? y + height : y) - from.y) / dy;
  const far = Math.min(acrossX, acrossY);
  return Number.isFinite(far) ? { x: from.x + dx * far, y: from.y + dy * far } : from;
}

/** Moved to its right as one goes from `a` to `b`, so that there and back are two lines. */
function aside(point: Point, a: Point, b: Point): Point {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  return {
    x: point.x - ((b.y - a.y) / length) * APART,
    y: point.y + ((b.x - a.x) / length) * APART,
  };
}

/** Path data of a transition, from edge to edge. */
export function transitionPath({ from, to, via }: Omit<Transition, 'by'>): string {
  const [a, b] = [middleOf(from), middleOf(to)];
  if (via !== undefined) {
    const corners = via.map(([column, row]) => at(column, row));
    const start = nearest(from, corners[0] ?? b);
    const end = nearest(to, corners.at(-1) ?? a);
    return lineThrough([start, ...corners, end]);
  }
  return lineThrough([leaving(from, aside(a, a, b), a, b), leaving(to, aside(b, a, b), b, a)]);
}

/** The point of a box's outline that is straight across or up and down from another. */
function nearest(state: DfuState, towards: Point): Point {
  const { x, y, width, height } = boxOf(state);
  return {
    x: Math.min(x + width, Math.max(x, towards.x)),
    y: Math.min(y + height, Math.max(y, towards.y)),
  };
}

function lineThrough(points: readonly Point[]): string {
  return points
    .map(({ x, y }, n) => `${n === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('');
}
