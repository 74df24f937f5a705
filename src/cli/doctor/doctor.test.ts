import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { fakeSystem, stm32Files } from '../../../test/support/fake-system.ts';
import type { FakeSystemOptions } from '../../../test/support/fake-system.ts';
import { doctor } from './doctor.ts';

interface Told {
  readonly level: string;
  readonly problem?: string;
  readonly message: string;
  readonly remedy?: {
    readonly words: string;
    readonly commands: readonly string[];
    readonly udevRule?: string;
  };
  readonly device?: { readonly id: string };
}

async function findings(options: FakeSystemOptions): Promise<{ exit: number; told: Told[] }> {
  const terminal = new FakeTerminal();
  const exit = await doctor(terminal, { bus: ['native'], json: true }, fakeSystem(options));
  const lines = terminal.out.text.trimEnd().split('\n');
  return { exit, told: lines.map((line): Told => JSON.parse(line)) };
}

const AT = '/sys/bus/usb/devices/1-2';

test('a device that can be used: 0, and a line that a person reads', async () => {
  const terminal = new FakeTerminal();
  const system = fakeSystem({ files: stm32Files() });
  expect(await doctor(terminal, { bus: ['native'] }, system)).toBe(0);
  expect(terminal.out.text).toBe(
    'ok 0483:df11 at 1-2 "STM32  BOOTLOADER" (DfuSe, 1 alternate, serial 205F36825032): can be used\n',
  );
});

test.each<[string, FakeSystemOptions, { message: RegExp; command: RegExp }]>([
  [
    'no-permission',
    { files: stm32Files(), openFailure: () => 'EACCES' },
    {
      message: /ada may not open \/dev\/bus\/usb\/001\/004 .* root:root with mode 0664/,
      command: /tee -a/,
    },
  ],
  [
    'container-forbids',
    { files: stm32Files({ '/.dockerenv': '' }), openFailure: () => 'EPERM' },
    { message: /not permitted, whatever its mode/, command: /--device-cgroup-rule "c 189:\* rmw"/ },
  ],
  [
    'read-only',
    { files: stm32Files(), openFailure: () => 'EROFS' },
    { message: /read-only/, command: /^$/ },
  ],
  [
    'no-device-node',
    { files: stm32Files(), openFailure: () => 'ENOENT' },
    { message: /there is no \/dev\/bus\/usb\/001\/004/, command: /mount/ },
  ],
  [
    'claimed',
    {
      files: stm32Files({
        '/sys/bus/usb/devices/1-2:1.0/driver': '->usbfs',
      }),
      holders: () => [{ pid: 77, name: 'fwupd' }],
    },
    {
      message: /another program has claimed its interface 1-2:1\.0: fwupd \(process 77\)/,
      command: /^$/,
    },
  ],
  [
    'kernel-driver',
    { files: stm32Files({ '/sys/bus/usb/devices/1-2:1.0/driver': '->cdc_acm' }) },
    {
      message: /driver cdc_acm has its DFU interface 1-2:1\.0/,
      command: /^echo -n '1-2:1\.0' \| sudo tee \/sys\/bus\/usb\/drivers\/cdc_acm\/unbind$/,
    },
  ],
  [
    'lent-out',
    { files: stm32Files({ [`${AT}/driver`]: '->usbip-host' }) },
    { message: /lends it/, command: /usbip unbind -b 1-2/ },
  ],
  [
    'not-authorized',
    { files: stm32Files({ [`${AT}/authorized`]: '0\n' }) },
    { message: /authorized is 0/, command: /tee \/sys\/bus\/usb\/devices\/1-2\/authorized/ },
  ],
  [
    'not-configured',
    { files: stm32Files({ [`${AT}/bConfigurationValue`]: '\n' }) },
    { message: /has not configured it/, command: /bConfigurationValue/ },
  ],
  [
    'no-usb',
    { files: { '/run/udev/control': '' } },
    { message: /this kernel has no USB/, command: /modprobe/ },
  ],
  [
    'container-no-sysfs',
    { files: { '/.dockerenv': '' } },
    { message: /container \(Docker\) without \/sys\/bus\/usb/, command: /docker run/ },
  ],
  [
    'wsl-no-usb',
    { files: {}, release: '5.15.153.1-microsoft-standard-WSL2' },
    { message: /this is WSL/, command: /usbipd|winget/ },
  ],
  [
    'package-missing',
    {
      files: stm32Files(),
      usbFailure: () => Promise.resolve("Cannot find package 'usb' imported from x"),
    },
    { message: /"usb" is not installed/, command: /npm install usb/ },
  ],
  [
    'platform-package-missing',
    {
      files: stm32Files(),
      usbFailure: () => Promise.resolve("Cannot find module '@node-usb/usb-linux-x64-gnu'"),
    },
    { message: /does not load/, command: /--include=optional/ },
  ],
  [
    'platform-unsupported',
    {
      files: stm32Files(),
      arch: 'riscv64',
      usbFailure: () => Promise.resolve('Failed to load native binding'),
    },
    { message: /no binary for this platform \(linux-riscv64-gnu\)/, command: /^$/ },
  ],
])('%s: 1, and how to mend it', async (code, options, { message, command }) => {
  const { exit, told } = await findings(options);
  expect(exit).toBe(1);
  const found = told.find(({ problem }) => problem === code);
  expect(found).toMatchObject({ level: 'problem', message: expect.stringMatching(message) });
  expect(found?.remedy?.words).not.toBe('');
  expect(found?.remedy?.commands[0] ?? '').toMatch(command);
});

test.each<[string, FakeSystemOptions, string]>([
  [
    'a group that the user is in',
    { user: { name: 'ada', isRoot: false, groups: ['ada', 'plugdev'] } },
    'MODE="0660", GROUP="plugdev", TAG+="uaccess"',
  ],
  [
    'the seat',
    {
      environment: { XDG_SEAT: 'seat0' },
      files: stm32Files({ '/usr/lib/udev/rules.d/73-seat-late.rules': '' }),
    },
    'MODE="0660", TAG+="uaccess"',
  ],
  [
    'a group to join',
    { hasGroup: (name) => name === 'plugdev' },
    'MODE="0660", GROUP="plugdev", TAG+="uaccess"',
  ],
  ['everybody', {}, 'MODE="0666"'],
])('the udev rule for %s', async (_, options, rights) => {
  const { told } = await findings({ files: stm32Files(), openFailure: () => 'EACCES', ...options });
  const { udevRule, commands = [] } = told[0]?.remedy ?? {};
  expect(udevRule).toBe(
    `SUBSYSTEM=="usb", ATTR{idVendor}=="0483", ATTR{idProduct}=="df11", ${rights}`,
  );
  expect(commands[0]).toBe(`echo '${udevRule}' | sudo tee -a /etc/udev/rules.d/60-dfu.rules`);
  expect(commands.some((line) => line === 'sudo usermod -a -G plugdev ada')).toBe(
    'hasGroup' in options,
  );
});

test('over SSH nobody sits in front of it', async () => {
  const { told } = await findings({
    environment: { XDG_SEAT: 'seat0', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' },
    files: stm32Files({ '/usr/lib/udev/rules.d/73-seat-late.rules': '' }),
    openFailure: () => 'EACCES',
  });
  expect(told[0]?.remedy?.udevRule).toContain('MODE="0666"');
});

test('no DFU device is no failure; what is missing besides is a note', async () => {
  const { exit, told } = await findings({ files: { '/sys/bus/usb/devices/usb1/busnum': '1\n' } });
  expect(exit).toBe(0);
  expect(told.map(({ level, problem }) => [level, problem])).toEqual([
    ['note', 'no-udevd'],
    ['note', undefined],
  ]);
});

test.each([
  [{ SNAP_NAME: 'tool' }, {}, 'snap-confined', 'sudo snap connect tool:raw-usb'],
  [
    { FLATPAK_ID: 'org.tool' },
    { '/.flatpak-info': '' },
    'flatpak-confined',
    'flatpak override --user --device=all org.tool',
  ],
])('confined: %j', async (environment, files, code, line) => {
  const { told } = await findings({ environment, files: stm32Files(files) });
  const found = told.find(({ problem }) => problem === code);
  expect(found?.remedy?.commands).toEqual([line]);
});

test('descriptors that are garbage are no DFU device', async () => {
  const { exit, told } = await findings({
    files: stm32Files({ [`${AT}/descriptors`]: new Uint8Array(300).fill(9) }),
  });
  expect(exit).toBe(0);
  expect(told[0]?.message).toBe('1 devices, and none of them is DFU');
});

test('every problem has its row in docs/doctor.md', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');
  const codes = [...read('finding.ts').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(20);
  const page = read('../../../docs/doctor.md');
  expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});
