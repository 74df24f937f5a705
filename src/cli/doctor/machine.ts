import { problem, remedy } from './finding.ts';
import type { Finding, Remedy } from './finding.ts';
import type { SysfsBus } from './sysfs.ts';
import { SYSFS } from './sysfs.ts';
import { textOf } from './system.ts';
import type { System } from './system.ts';

/** The kind of container that this program runs in, if it does. */
export function containerOf(system: System): string | undefined {
  if (system.exists('/.dockerenv')) return 'Docker';
  if (system.exists('/run/.containerenv')) return 'Podman';
  if (system.environment['KUBERNETES_SERVICE_HOST'] !== undefined) return 'Kubernetes';
  return system.environment['container'];
}

function isWsl(system: System): boolean {
  const version = textOf(system, '/proc/sys/kernel/osrelease') ?? system.release;
  return /microsoft/i.test(version);
}

/** What is wrong with this Linux computer, whatever is plugged in. */
export function judgeLinux(system: System, bus: SysfsBus | undefined): Finding[] {
  const found = bus === undefined ? [noSysfs(system)] : [];
  if (bus !== undefined && !system.exists('/dev/bus/usb') && bus.devices > 0) {
    found.push(noUsbfs(system));
  }
  if (bus?.devices === 0 && isWsl(system)) found.push(noneInWsl());
  found.push(...confinement(system));
  if (bus !== undefined && !system.exists('/run/udev/control')) found.push(noUdevd(system));
  return found;
}

const REACH = 'a device of another machine is reached by --bus usbip://HOST';

function noSysfs(system: System): Finding {
  const container = containerOf(system);
  if (container !== undefined) {
    const words = `this is a container (${container}) without ${SYSFS}`;
    const give = remedy(
      `start it with the USB of its host; or: ${REACH}`,
      'docker run -v /dev/bus/usb:/dev/bus/usb -v /sys/bus/usb:/sys/bus/usb:ro --device-cgroup-rule "c 189:* rmw" …',
    );
    return problem('container-no-sysfs', words, give);
  }
  if (isWsl(system)) return noneInWsl();
  const load = remedy(
    `load the driver of the USB host controller; or: ${REACH}`,
    'sudo modprobe xhci_pci',
  );
  return problem('no-usb', `this kernel has no USB: there is no ${SYSFS}`, load);
}

function noneInWsl(): Finding {
  const attach = remedy(
    'in Windows, install usbipd-win, and attach the device to WSL in a terminal of an administrator',
    'winget install usbipd',
    'usbipd list',
    'usbipd bind --busid BUSID',
    'usbipd attach --wsl --busid BUSID',
  );
  return problem(
    'wsl-no-usb',
    'this is WSL, which sees no USB device until one is attached',
    attach,
  );
}

function noUsbfs(system: System): Finding {
  if (containerOf(system) === undefined) {
    const mount = remedy(
      'udev or devtmpfs makes it: see whether /dev is mounted',
      'mount | grep /dev',
    );
    return problem('no-usbfs', 'there is no /dev/bus/usb', mount);
  }
  const give = remedy(
    'give the container the folder, and start it again',
    'docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule "c 189:* rmw" …',
  );
  return problem('container-no-usbfs', 'this container has no /dev/bus/usb', give);
}

function confinement(system: System): Finding[] {
  const { environment } = system;
  const snap = environment['SNAP_NAME'];
  if (snap !== undefined) {
    const connect = remedy('connect its plug', `sudo snap connect ${snap}:raw-usb`);
    return [
      { ...problem('snap-confined', `this runs in the snap ${snap}`, connect), level: 'note' },
    ];
  }
  if (!system.exists('/.flatpak-info')) return [];
  const name = environment['FLATPAK_ID'] ?? 'APPLICATION';
  const allow = remedy('allow it all devices', `flatpak override --user --device=all ${name}`);
  return [
    { ...problem('flatpak-confined', `this runs in a Flatpak (${name})`, allow), level: 'note' },
  ];
}

function noUdevd(system: System): Finding {
  const words =
    'udevd does not run: nothing tells of devices that come and go, so they are looked for twice a second';
  const start: Remedy =
    containerOf(system) === undefined
      ? remedy('start it', 'sudo systemctl start systemd-udevd')
      : remedy('in a container that is as it should be');
  return { ...problem('no-udevd', words, start), level: 'note' };
}

/** The platforms that npm `usb` 3.1 has a binary for. */
const BINARIES: ReadonlySet<string> = new Set([
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-arm-gnu',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-ia32',
  'win32-arm64',
]);

/** What is wrong with npm `usb`, by what its loader said. */
export function judgePackage(system: System, failure: string): Finding {
  const { platform, arch, libc } = system;
  const parts = [
    platform,
    arch,
    ...(platform === 'linux' ? [libc === 'musl' ? 'musl' : 'gnu'] : []),
  ];
  const name = parts.join('-');
  if (/cannot find (?:package|module) 'usb'/i.test(failure)) {
    const install = remedy('install it', 'npm install usb');
    return problem('package-missing', 'the optional package "usb" is not installed', install);
  }
  if (!BINARIES.has(name)) {
    const words = `the package "usb" has no binary for this platform (${name})`;
    return problem('platform-unsupported', words, remedy(`run dfukit elsewhere: ${REACH}`));
  }
  const words = `the package "usb" does not load: ${failure.split('\n')[0] ?? ''}`;
  const install = remedy(
    `install it again on this computer, with its optional dependencies (its binary for ${name})`,
    'npm install usb --include=optional',
  );
  return problem('platform-package-missing', words, install);
}
