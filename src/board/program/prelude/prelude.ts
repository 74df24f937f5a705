import type {
  FirmwareBoard,
  FirmwareBootControl,
  FirmwareControlAnswer,
  FirmwareDetachReason,
  FirmwareInterface,
  FirmwareUsb,
  FirmwareUsbDescription,
  FirmwareUsbFunction,
} from '../../seams/firmware-api.ts';
import type { FirmwareUsbMessage } from '../../seams/firmware-dfu.ts';
import type {
  BoardInfo,
  CallName,
  ControlMessage,
  DfuAllowMessage,
  FromProgram,
  ToProgram,
  UsbFunctionMessage,
} from '../protocol.ts';

/** What the prelude makes inside of the firmware's context. */
export interface Prelude {
  readonly board: FirmwareBoard;
  readonly receive: (message: string) => void;
}

/**
 * Makes the board's interface out of two ways for text, in and out. It is sent into the firmware's
 * context as text, so it stands alone: nothing outside of the function may be used in it, and of the
 * world outside the firmware gets only text.
 */
export function programPrelude(post: (message: string) => void, infoText: string): Prelude {
  // V8 gives every context a console, which goes nowhere here.
  delete (globalThis as { console?: unknown }).console;
  const info = JSON.parse(infoText) as BoardInfo;
  const calls = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  const waiting: string[] = [];
  const mostCalls = 256;
  let listener: ((line: string) => void | Promise<void>) | undefined;
  let functions: readonly FirmwareUsbFunction[] = [];
  let hearUsb: ((message: FirmwareUsbMessage) => void | Promise<void>) | undefined;
  let delivering = false;
  let nextId = 0;
  let selfFed = true;

  const send = (message: FromProgram): void => post(JSON.stringify(message));

  const call = <T>(name: CallName, ...args: readonly unknown[]): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (calls.size >= mostCalls) throw new Error(`more than ${mostCalls} calls at once`);
      nextId += 1;
      calls.set(nextId, { resolve: resolve as (value: unknown) => void, reject });
      send({ type: 'call', id: nextId, name, args });
    });

  const toHex = (bytes: Uint8Array): string => {
    let text = '';
    for (const byte of bytes) text += (byte + 0x100).toString(16).slice(1);
    return text;
  };

  const fromHex = (text: string): Uint8Array => {
    const bytes = new Uint8Array(text.length / 2);
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = Number.parseInt(text.slice(at * 2, at * 2 + 2), 16);
    }
    return bytes;
  };

  const deliver = async (): Promise<void> => {
    if (delivering) return;
    delivering = true;
    for (;;) {
      const take = listener;
      const line = take === undefined ? undefined : waiting.shift();
      if (take === undefined || line === undefined) break;
      send({ type: 'taken' });
      await take(line);
    }
    delivering = false;
  };

  const answer = async (
    owner: FirmwareInterface | undefined,
    { setup, data }: ControlMessage,
  ): Promise<FirmwareControlAnswer> => {
    const [bmRequestType, bRequest, wValue, wIndex, wLength] = setup;
    if (owner?.onControl === undefined) return 'stall';
    const request = { bmRequestType, bRequest, wValue, wIndex, wLength, data: fromHex(data) };
    return await owner.onControl(request);
  };

  const control = async (message: ControlMessage): Promise<void> => {
    const { id, index } = message;
    const owner = functions[index];
    const result = await answer(owner?.type === 'interface' ? owner : undefined, message);
    if (typeof result === 'string') send({ type: 'answer', id, stage: result });
    else send({ type: 'answer', id, stage: 'in', data: toHex(result) });
  };

  const allow = async ({ id, index, timeoutMs }: DfuAllowMessage): Promise<void> => {
    const owner = functions[index];
    const allowed = owner?.type === 'dfu-runtime' ? await owner.allow?.(timeoutMs) : undefined;
    send({ type: 'dfu-allowed', id, timeoutMs: allowed ?? null });
  };

  const detach = async (index: number, reason: FirmwareDetachReason): Promise<void> => {
    const owner = functions[index];
    if (owner?.type === 'dfu-runtime' && typeof owner.detach === 'function') {
      await owner.detach(reason);
    }
  };

  const receive = (text: string): void => {
    const message = JSON.parse(text) as ToProgram;
    switch (message.type) {
      case 'ping':
        if (selfFed) send({ type: 'fed' });
        return;
      case 'line':
        waiting.push(message.text);
        // A promise that rejects is left alone on purpose: it ends the program, as a crash does.
        void deliver();
        return;
      case 'control':
        void control(message);
        return;
      case 'dfu-allow':
        void allow(message);
        return;
      case 'dfu-detach':
        void detach(message.index, message.reason);
        return;
      case 'usb':
        send({ type: 'usb-taken' });
        // As with lines, a promise that rejects ends the program.
        void hearUsb?.(message.message);
        return;
      case 'result':
        calls.get(message.id)?.resolve(message.value);
        calls.delete(message.id);
        return;
      case 'error': {
        const error = new Error(message.message);
        error.name = message.code;
        calls.get(message.id)?.reject(error);
        calls.delete(message.id);
      }
    }
  };

  const describeFunction = (each: FirmwareUsbFunction): UsbFunctionMessage => {
    if (each.type === 'dfu-mode') return each;
    if (each.type === 'dfu-runtime') {
      const { type, name = 'RIOT-OS bootloader', functional, association = false } = each;
      const how = typeof each.detach === 'function' ? 'program' : (each.detach ?? 'bootloader');
      const told = functional === undefined ? {} : { functional };
      return { type, name, association, detach: how, asks: each.allow !== undefined, ...told };
    }
    return {
      type: each.type,
      name: each.name ?? '',
      triple: [each.bInterfaceClass, each.bInterfaceSubClass, each.bInterfaceProtocol],
      descriptors: (each.descriptors ?? []).map(toHex),
      answers: each.onControl !== undefined,
    };
  };

  const attach = (description: FirmwareUsbDescription): Promise<void> => {
    functions = description.functions.slice();
    return call('usbAttach', {
      idVendor: description.idVendor,
      idProduct: description.idProduct,
      bcdDevice: description.bcdDevice ?? 0x0100,
      manufacturer: description.manufacturer ?? '',
      product: description.product ?? '',
      serial: description.serial ?? null,
      configuration: description.configuration ?? '',
      highSpeedConfiguration: description.highSpeedConfiguration ?? '',
      selfPowered: description.selfPowered ?? false,
      maxPowerMa: description.maxPowerMa ?? 100,
      functions: functions.map(describeFunction),
    });
  };

  const boot: FirmwareBootControl = {
    requestUpgrade: (permanent) => call('bootRequestUpgrade', permanent ? 1 : 0),
    confirm: () => call('bootConfirm'),
    isConfirmed: async () => (await call<number>('bootIsConfirmed')) === 1,
    swapType: () => call('bootSwapType'),
    eraseUpgrade: () => call('bootEraseUpgrade'),
  };

  const onMessage: FirmwareUsb['onMessage'] = (given) => {
    hearUsb = given;
    send({ type: 'usb-heard' });
  };

  const board: FirmwareBoard = {
    name: info.name,
    chip: info.chip,
    platform: info.platform,
    target: info.target,
    serial: info.serial,
    image: info.image,
    console: {
      print: (line) => send({ type: 'print', text: `${line}\n` }),
      onLine(given) {
        listener = given;
        void deliver();
      },
    },
    usb: { attach, detach: () => call('usbDetach'), onMessage },
    sensors: {
      list: info.sensors,
      read: (index) => call('sensorRead', index),
      write: (index, value) => call('sensorWrite', index, value),
    },
    flash: {
      ...info.flash,
      read: async (address, lengthBytes) =>
        fromHex(await call<string>('flashRead', address, lengthBytes)),
      program: (address, bytes) => call('flashProgram', address, toHex(bytes)),
      erase: (address, lengthBytes) => call('flashErase', address, lengthBytes),
    },
    boot: info.bootControl ? boot : undefined,
    watchdog: {
      takeOver() {
        selfFed = false;
      },
      feed: () => send({ type: 'fed' }),
    },
    dfu: { unlock: () => call('dfuUnlock'), lock: () => call('dfuLock') },
    noInitRam: {
      ...info.noInitRam,
      readWord: (address) => call('ramRead', address),
      writeWord: (address, value) => call('ramWrite', address, value),
    },
    sleep: (ms) => call('sleep', ms),
    uptimeUs: () => call('uptimeUs'),
    reboot: () => call('reboot'),
    enterDfuMode: () => call('enterDfuMode'),
  };
  return { board, receive };
}
