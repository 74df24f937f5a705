import type { FirmwareBoard, FirmwareSensor } from '../../src/board/index.ts';
import type { ShellCommand } from '../common/shell.ts';

/** A whole number as C's `atoi` reads it: what cannot be read is 0. */
function atoi(text: string): number {
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? 0 : value;
}

/** A reading as RIOT prints it: the number in eleven columns, then its unit. */
function reading(value: number, { scale, unit }: Pick<FirmwareSensor, 'scale' | 'unit'>): string {
  const text = scale < 0 ? (value / 10 ** -scale).toFixed(-scale) : String(value);
  return `Data:\t    ${text.padStart(11)} ${unit}`;
}

function list({ console, sensors }: FirmwareBoard): void {
  console.print('ID\tClass\t\tName');
  for (const [index, sensor] of sensors.list.entries()) {
    console.print(`#${index}\t${sensor.class}\t${sensor.name}`);
  }
}

async function readOne(board: FirmwareBoard, index: number): Promise<void> {
  const sensor = board.sensors.list[index];
  if (sensor === undefined) {
    board.console.print('error: undefined device id given');
    return;
  }
  const value = await board.sensors.read(index);
  board.console.print(`Reading from #${index} (${sensor.name}|${sensor.class})`);
  board.console.print(reading(value, sensor));
}

async function read(board: FirmwareBoard, [which]: readonly string[]): Promise<void> {
  if (which === undefined) {
    board.console.print('usage: saul read <device id>|all');
    return;
  }
  if (which !== 'all') {
    await readOne(board, atoi(which));
    return;
  }
  for (const index of board.sensors.list.keys()) {
    await readOne(board, index);
    board.console.print('');
  }
}

async function write(board: FirmwareBoard, [which, text]: readonly string[]): Promise<void> {
  const { console, sensors } = board;
  if (which === undefined || text === undefined) {
    console.print('usage: saul write <device id> <value 0> [<value 1> [<value 2]]');
    return;
  }
  const index = atoi(which);
  const sensor = sensors.list[index];
  if (sensor === undefined) {
    console.print('error: undefined device given');
    return;
  }
  const value = atoi(text);
  console.print(`Writing to device #${index} - ${sensor.name}`);
  console.print(reading(value, { scale: 0, unit: '' }));
  try {
    await sensors.write(index, value);
    console.print(`data successfully written to device #${index}`);
  } catch (error) {
    const writable = !(error instanceof Error && error.name === 'UNSUPPORTED');
    console.print(
      writable
        ? `error: failure to write to device #${index}`
        : `error: device #${index} is not writable`,
    );
  }
}

/** `saul`, `saul read`, `saul write`. */
export const saulCommand: ShellCommand = {
  name: 'saul',
  description: 'interact with sensors and actuators using SAUL',
  async run([verb, ...args], board) {
    if (verb === undefined) list(board);
    else if (verb === 'read') await read(board, args);
    else if (verb === 'write') await write(board, args);
    else board.console.print('usage: saul read|write');
  },
};
