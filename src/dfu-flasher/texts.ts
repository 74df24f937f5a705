import type {
  FlowDevice,
  FlowErase,
  FlowFile,
  FlowFinding,
  FlowOffer,
  FlowPhase,
  FlowProgress,
  FlowTexts,
} from '../flow/index.ts';
import { amount, duration, rate } from './amounts.ts';

/** Every text of the element: an object with some of them replaces these. Plain text; nothing is read as HTML. */
export interface FlasherTexts {
  /** What the element is called where the manifest names no product. */
  readonly title: string;
  readonly connect: string;
  /** Beside `connect`, before anything is connected. */
  readonly hint: string;
  /** The manifest or a key is being fetched. */
  readonly loading: string;
  readonly retry: string;
  readonly noUsb: string;
  readonly insecure: string;
  readonly notAllowed: string;
  readonly connecting: string;
  /** Several are there. */
  readonly chooseDevice: string;
  /** The same of one device that may be several boards. */
  readonly chooseBoard: string;
  readonly oneOfDevices: (device: FlowDevice) => string;
  /** A device is there, and nothing is chosen yet. */
  readonly found: (device: FlowDevice) => string;
  /** A file was looked at, and may be flashed. */
  readonly ready: (file: FlowFile) => string;
  readonly device: string;
  readonly serial: string;
  readonly mode: string;
  readonly runtimeMode: string;
  readonly dfuMode: string;
  readonly runs: string;
  readonly chooseOffer: string;
  readonly noOffer: string;
  /** Of an offer in the list. */
  readonly offer: (offer: FlowOffer) => string;
  readonly notes: string;
  readonly ownFile: string;
  readonly pickFile: string;
  readonly dropFile: string;
  readonly oneFile: string;
  readonly tooLarge: (name: string, mostBytes: number) => string;
  readonly reading: (name: string) => string;
  readonly fetchAgain: string;
  readonly file: string;
  readonly findings: string;
  readonly ratings: Readonly<Record<FlowFinding['rating'], string>>;
  readonly steps: string;
  readonly alternate: string;
  /** What is erased: a choice that some files give. */
  readonly erase: string;
  readonly erases: Readonly<Record<FlowErase, string>>;
  readonly flash: string;
  readonly cancel: string;
  readonly disconnect: string;
  readonly another: string;
  readonly stop: string;
  readonly stopping: string;
  readonly phases: Readonly<Record<FlowPhase, string>>;
  /** Beside the progress bar: amounts, rate, remaining time. */
  readonly progress: (progress: FlowProgress) => string;
  readonly keepPlugged: string;
  readonly allow: string;
  readonly nowRuns: string;
  readonly saveLog: string;
  readonly again: string;
  /** What goes before the end's explanation for somebody who knows DFU. */
  readonly detail: string;
  /** The page's own settings are wrong, or what they name cannot be had; `message` says which and why, in English. */
  readonly settingsProblem: (message: string) => string;
  /** The file of the page or the person cannot be read. */
  readonly fileProblem: (message: string) => string;
  /** Other words for the sentences about devices, files and endings, by their ids (`FLOW_TEXTS` of `dfukit/flow`). */
  readonly sentences: FlowTexts;
}

const changes = { update: undefined, same: 'runs already', downgrade: 'older than what runs' };

const offerText = ({ release, file, change }: FlowOffer): string => {
  const { version, channel } = release;
  const more = [channel === undefined || channel === 'stable' ? undefined : channel, file.label];
  const size = amount(file.sizeBytes);
  const against = change === undefined ? undefined : changes[change];
  return [version, ...more, size, against].filter((each) => each !== undefined).join(', ');
};

const progressText = (progress: FlowProgress): string => {
  const { doneBytes, totalBytes, bytesPerSecond, remainingMs } = progress;
  if (totalBytes === undefined && doneBytes === 0) return '';
  const parts = [
    totalBytes === undefined ? amount(doneBytes) : `${amount(doneBytes)} of ${amount(totalBytes)}`,
  ];
  if (bytesPerSecond !== undefined) parts.push(rate(bytesPerSecond));
  if (remainingMs !== undefined) parts.push(`${duration(remainingMs)} left`);
  return parts.join(' · ');
};

/** The texts as they are, in English. */
export const flasherTexts: FlasherTexts = {
  title: 'Firmware update',
  connect: 'Connect a device',
  hint: 'Plug the device in, then choose it in the browser’s list.',
  loading: 'Loading what can be installed…',
  retry: 'Try again',
  noUsb:
    'This browser cannot reach USB devices: it has no WebUSB. Open this page in Chrome, Edge or another browser made of Chromium, on a computer or on Android.',
  insecure:
    'This page was not loaded securely, and browsers give USB to secure pages only. Open it by an address that begins with https://.',
  notAllowed:
    'This page may not use USB: it stands in another page that does not allow it, or an administrator has switched it off. Open it in a window of its own.',
  connecting: 'Waiting for a device. Choose it in the browser’s list.',
  oneOfDevices: ({ name, serial }) => (serial === undefined ? name : `${name}, ${serial}`),
  chooseDevice: 'Several devices are there: which one?',
  chooseBoard:
    'The device does not tell in this mode which of these it is. Say it if you know; once its application runs, it tells.',
  found: ({ name }) => `Found: ${name}. Nothing has been changed on it.`,
  ready: ({ name }) => `${name} can be flashed. Nothing has been sent yet.`,
  device: 'Device',
  serial: 'Serial number',
  mode: 'Mode',
  runtimeMode: 'Its application runs',
  dfuMode: 'Ready to be flashed (DFU mode)',
  runs: 'Runs version',
  chooseOffer: 'Choose a version',
  noOffer: 'There is no firmware for this device here.',
  offer: offerText,
  notes: 'What is new',
  ownFile: 'A file of your own',
  pickFile: 'Choose a file…',
  dropFile: 'or drop it here',
  oneFile: 'Drop one file, not several and no folder.',
  tooLarge: (name, mostBytes) => `${name} is larger than ${amount(mostBytes)}; no firmware is.`,
  reading: (name) => `Looking at ${name}…`,
  fetchAgain: 'Fetch it again',
  file: 'File',
  findings: 'What it is',
  ratings: { good: 'Good', bad: 'Wrong', unknown: 'Not known', plain: 'Note' },
  steps: 'What will be done',
  alternate: 'Where it goes',
  erase: 'What is erased',
  erases: {
    needed: 'Only what is written over: settings stay',
    all: 'Everything, settings included',
  },
  flash: 'Flash',
  cancel: 'Cancel',
  disconnect: 'Disconnect',
  another: 'Another device',
  stop: 'Stop',
  stopping: 'Stopping as soon as the device is in order…',
  phases: {
    detach: 'Asking the device into DFU mode',
    permission: 'Your permission is needed',
    prepare: 'Looking at the device in DFU mode',
    erase: 'Erasing',
    download: 'Writing',
    manifest: 'The device takes the firmware over',
    verify: 'Reading back and comparing',
    application: 'Waiting until the new firmware runs',
  },
  progress: progressText,
  keepPlugged: 'Leave the device plugged in and this page open.',
  allow: 'Choose the device again',
  nowRuns: 'Runs now',
  saveLog: 'Save the log',
  again: 'Start again',
  detail: 'In detail',
  settingsProblem: (message) => `What can be installed could not be loaded: ${message}`,
  fileProblem: (message) => message,
  sentences: {},
};

type Named = Readonly<Record<string, unknown>>;

const isGroup = (value: unknown): value is Named => typeof value === 'object' && value !== null;

/** What stands there instead; what a translation lacks stays, and one that needs none of the values may be a plain text. */
function over(before: unknown, given: unknown): unknown {
  if (given === undefined || given === null) return before;
  if (isGroup(before)) return isGroup(given) ? groupOver(before, given) : before;
  return typeof before === 'function' && typeof given !== 'function' ? () => given : given;
}

function groupOver(before: Named, given: Named): Named {
  const all = Object.entries(given).map(
    ([name, each]) => [name, over(before[name], each)] as const,
  );
  return { ...before, ...Object.fromEntries(all) };
}

/** All texts, with those of a page in place of its own; a text, or one of a group, that the page does not have stays. */
export function textsOver(
  texts: FlasherTexts,
  given: Partial<FlasherTexts> | null | undefined,
): FlasherTexts {
  return over(texts, given) as FlasherTexts;
}
