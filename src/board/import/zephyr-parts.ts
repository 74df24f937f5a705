import type { ButtonModel, PinMode, SensorModel } from '../models/board-model.ts';
import type { Devicetree, DevicetreeNode } from './devicetree.ts';
import type { Inquiry } from './inquiry.ts';
import {
  cellsOf,
  isCompatible,
  isEnabled,
  nodeAt,
  nodeText,
  numberOf,
  stringOf,
} from './node-reading.ts';

/** Zephyr's dt-bindings/gpio/gpio.h. */
const ACTIVE_LOW = 1;
const PULL_UP = 0x10;
const PULL_DOWN = 0x20;

/** More than any board has. */
const MOST_PARTS = 64;

/** Buttons and lamps of a board. */
interface FoundParts {
  readonly buttons: readonly ButtonModel[];
  readonly sensors: readonly SensorModel[];
}

/** The first pin of a `gpios`: `P0.11` of nRF's port 0, `PC13` of ST's gpioc. */
function pinOf(
  tree: Devicetree,
  node: DevicetreeNode,
): { readonly pin: string; readonly flags: number } | undefined {
  const property = node.properties.get('gpios');
  if (property === undefined) return undefined;
  const [port, pin, flags = 0] = cellsOf(property);
  if (typeof port !== 'object' || typeof pin !== 'number' || typeof flags !== 'number') {
    return undefined;
  }
  const controller = nodeAt(tree, port.to);
  const number = controller && numberOf(controller, 'port');
  const [, letter] = /^gpio([a-z])$/.exec(port.to) ?? [];
  const [, digits] = /^gpio(\d+)$/.exec(port.to) ?? [];
  if (letter !== undefined) return { pin: `P${letter.toUpperCase()}${pin}`, flags };
  const name = number ?? digits;
  return name === undefined ? undefined : { pin: `P${name}.${pin}`, flags };
}

function modeOf(flags: number): PinMode {
  if ((flags & PULL_UP) !== 0) return 'GPIO_IN_PU';
  return (flags & PULL_DOWN) !== 0 ? 'GPIO_IN_PD' : 'GPIO_IN';
}

/** The name that an alias gives to a node, else its label. */
function nameOf(tree: Devicetree, node: DevicetreeNode, prefix: string): string {
  const aliases = tree.paths.get('/aliases')?.properties.values() ?? [];
  for (const { name, values } of aliases) {
    const [value] = values;
    const to = value?.kind === 'path' ? nodeAt(tree, value.to) : undefined;
    if (to === node && name.startsWith(prefix)) return name;
  }
  return node.labels[0] ?? node.name;
}

/** The children of all nodes of a kind. */
function childrenOf(tree: Devicetree, compatible: RegExp): DevicetreeNode[] {
  return [...tree.paths.values()]
    .filter((node) => isCompatible(node, compatible) && isEnabled(node))
    .flatMap((node) => Array.from(node.nodes.values()))
    .slice(0, MOST_PARTS);
}

/** What fits into the name of a part; what does not is left out. */
function shortened(text: string): string {
  return text.replaceAll(/[^ -~]/g, '').slice(0, MOST_PARTS);
}

/** Those of each name once. */
function once<T extends { readonly name: string }>(parts: readonly T[]): T[] {
  return parts.filter(({ name }, at) => parts.findIndex((each) => each.name === name) === at);
}

/** The buttons (`gpio-keys`) and lamps (`gpio-leds`) of a devicetree. */
export function zephyrParts(inquiry: Inquiry, tree: Devicetree): FoundParts {
  const buttons: ButtonModel[] = [];
  const presses: SensorModel[] = [];
  for (const node of childrenOf(tree, /^gpio-keys$/)) {
    const found = pinOf(tree, node);
    const name = shortened(nameOf(tree, node, 'sw'));
    if (found === undefined) continue;
    const { pin, flags } = found;
    const closesTo = (flags & ACTIVE_LOW) !== 0 ? 'ground' : 'supply';
    // A pin without a pull resistor inside has one outside, or it would float.
    const pull = closesTo === 'ground' ? 'up' : 'down';
    const mode = modeOf(flags);
    const button: ButtonModel = { name, pin, closesTo, mode };
    buttons.push(mode === 'GPIO_IN' ? { ...button, externalPull: pull } : button);
    const label = shortened(stringOf(node, 'label') ?? name);
    const part = { name: label, scale: 0, unit: '', initial: 0 };
    presses.push({ ...part, class: 'SENSE_BTN', button: name });
    inquiry.found('button', name, { from: nodeText(node), text: `${name}, ${pin}` });
  }
  const lamps = childrenOf(tree, /^gpio-leds$/).map((node): SensorModel => {
    const name = shortened(stringOf(node, 'label') ?? nameOf(tree, node, 'led'));
    return { name, class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 };
  });
  return { buttons: once(buttons), sensors: once([...lamps, ...presses]) };
}
