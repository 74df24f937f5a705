import { malformed, placeText } from './text-file.ts';
import type { Place } from './text-file.ts';
import type {
  Devicetree,
  DevicetreeCell,
  DevicetreeNode,
  DevicetreeProperty,
} from './devicetree.ts';

/** Memory or a part of it, as `reg` says. */
interface Reg {
  readonly address: number;
  readonly sizeBytes: number;
  readonly place: Place;
}

/** All 32-bit cells of a property. Throws `MALFORMED` for a value of another kind. */
export function cellsOf({ values, place, name }: DevicetreeProperty): readonly DevicetreeCell[] {
  return values.flatMap((value) => {
    if (value.kind === 'cells' && value.bits === 32) return value.cells;
    return malformed(place, `${name}: expected numbers of 32 bits in "<>"`);
  });
}

/** A number of 32 bits. Throws `MALFORMED` for anything else; undefined where the property is not there. */
export function numberOf(node: DevicetreeNode, name: string): number | undefined {
  const property = node.properties.get(name);
  if (property === undefined) return undefined;
  const cells = cellsOf(property);
  const [only] = cells;
  if (cells.length === 1 && typeof only === 'number' && only <= 0xffffffff) return only;
  return malformed(property.place, `${name}: expected one number of 32 bits`);
}

/** All strings of a property, none where it is not there. Throws `MALFORMED` for other values. */
export function stringsOf(node: DevicetreeNode, name: string): readonly string[] {
  const property = node.properties.get(name);
  return (property?.values ?? []).map((value) =>
    value.kind === 'string'
      ? value.text
      : malformed(property?.place ?? node.place, `${name}: expected strings`),
  );
}

/** The one string of a property. */
export function stringOf(node: DevicetreeNode, name: string): string | undefined {
  return stringsOf(node, name)[0];
}

/** Whether a node is compatible with one of those whose names fit. */
export function isCompatible(node: DevicetreeNode, fits: RegExp): boolean {
  return stringsOf(node, 'compatible').some((each) => fits.test(each));
}

/** Whether a node's hardware is used; left out: it is. */
export function isEnabled(node: DevicetreeNode): boolean {
  return ['okay', 'ok'].includes(stringOf(node, 'status') ?? 'okay');
}

/** The node of that label or path. */
export function nodeAt(tree: Devicetree, to: string): DevicetreeNode | undefined {
  return to.startsWith('/') ? tree.paths.get(to) : tree.labels.get(to);
}

/** What `/chosen` or `/aliases` names. Throws `MALFORMED` for a name of nothing. */
export function namedNode(
  tree: Devicetree,
  list: 'chosen' | 'aliases',
  name: string,
): DevicetreeNode | undefined {
  const property = tree.paths.get(`/${list}`)?.properties.get(name);
  if (property === undefined) return undefined;
  const [value] = property.values;
  const to = value?.kind === 'path' ? value.to : value?.kind === 'string' ? value.text : undefined;
  const node = to === undefined ? undefined : nodeAt(tree, to);
  return node ?? malformed(property.place, `${name}: expected a node, got ${to ?? 'none'}`);
}

/** Devicetree Specification v0.4 §2.3.5: what a node's parent says of its `reg`. */
function cellCounts(node: DevicetreeNode): { readonly address: number; readonly size: number } {
  const { parent } = node;
  const address = (parent && numberOf(parent, '#address-cells')) ?? 2;
  const size = (parent && numberOf(parent, '#size-cells')) ?? 1;
  const place = parent?.place ?? node.place;
  if (address > 4 || size > 4) malformed(place, '#address-cells, #size-cells: expected at most 4');
  return { address, size };
}

/** Several cells as one number, the highest first. */
function joined(cells: readonly DevicetreeCell[], place: Place): number {
  return cells.reduce<number>((sum, cell) => {
    const next = typeof cell === 'number' && cell <= 0xffffffff ? sum * 2 ** 32 + cell : Number.NaN;
    return Number.isSafeInteger(next) ? next : malformed(place, 'expected numbers below 2^53');
  }, 0);
}

/**
 * The first range of `reg`, its address as the parent counts it. Throws `MALFORMED` where it is too short
 * or not of whole ranges; undefined where there is none.
 */
export function ownReg(node: DevicetreeNode): Reg | undefined {
  const property = node.properties.get('reg');
  if (property === undefined) return undefined;
  const { place } = property;
  const { address, size } = cellCounts(node);
  const cells = cellsOf(property);
  if (cells.length === 0 || cells.length % (address + size) !== 0) {
    const expected = `expected ${address} cells of address and ${size} of size`;
    malformed(place, `reg of ${node.path}: ${expected}, got ${cells.length} cells`);
  }
  return {
    address: joined(cells.slice(0, address), place),
    sizeBytes: joined(cells.slice(address, address + size), place),
    place,
  };
}

/** What a node's `ranges` make of an address in it (§2.3.8): as edtlib, those that do not fit change nothing. */
function translated(address: number, parent: DevicetreeNode): number | undefined {
  const property = parent.properties.get('ranges');
  if (property === undefined) return undefined;
  const child = numberOf(parent, '#address-cells') ?? 2;
  const size = numberOf(parent, '#size-cells') ?? 1;
  const own = cellCounts(parent).address;
  const step = child + own + size;
  const cells = cellsOf(property);
  if (cells.length % step !== 0) {
    const got = `got ${cells.length}`;
    malformed(property.place, `ranges of ${parent.path}: expected ${step} cells each, ${got}`);
  }
  for (let at = 0; at < cells.length; at += step) {
    const numbers = (from: number, count: number): number =>
      joined(cells.slice(at + from, at + from + count), property.place);
    const [from, to] = [numbers(0, child), numbers(child, own)];
    if (address >= from && address < from + numbers(child + own, size)) return address - from + to;
  }
  return address;
}

/** The first range of `reg` as a processor addresses it. Throws as `ownReg` does. */
export function busReg(node: DevicetreeNode): Reg | undefined {
  const own = ownReg(node);
  if (own === undefined) return undefined;
  let { address } = own;
  for (let { parent } = node; parent !== undefined; { parent } = parent) {
    const next = translated(address, parent);
    if (next === undefined) break;
    address = next;
  }
  return { ...own, address };
}

/** A node as a person finds it: its label, and where it stands. */
export function nodeText({ labels, name, place }: DevicetreeNode): string {
  return `${labels[0] ?? name} (${placeText(place)})`;
}
