import { problem, remedy } from './finding.ts';
import type { Finding } from './finding.ts';
import { containerOf } from './machine.ts';
import type { SysfsDevice } from './sysfs.ts';
import { SYSFS } from './sysfs.ts';
import type { System } from './system.ts';
import { udevRemedy } from './udev.ts';

/** Why a DFU device of a Linux system cannot be used, or that it can. */
export function judgeDevice(system: System, device: SysfsDevice): Finding {
  return (
    stateFinding(device) ??
    accessFinding(system, device) ??
    driverFinding(system, device) ?? {
      level: 'ok',
      message: 'can be used',
      device: device.found,
    }
  );
}

function stateFinding({ found, authorized, configured, driver }: SysfsDevice): Finding | undefined {
  const at = `${SYSFS}/${found.path}`;
  if (!authorized) {
    const allow = remedy('allow it', `echo 1 | sudo tee ${at}/authorized`);
    const words = 'the system was told not to let it in (authorized is 0; USBGuard does that)';
    return problem('not-authorized', words, allow, found);
  }
  if (driver === 'usbip-host') {
    const words = 'it is bound to usbip-host: this computer lends it to others over USB/IP';
    const take = remedy(
      'use it there with --bus usbip://127.0.0.1, or take it back',
      `sudo usbip unbind -b ${found.path}`,
    );
    return problem('lent-out', words, take, found);
  }
  if (driver !== undefined && driver !== 'usb') {
    const free = unbind(driver, found.path);
    return problem('other-driver', `the driver ${driver} has the whole device`, free, found);
  }
  if (configured) return undefined;
  const words =
    'the system has not configured it, for want of power or of bandwidth, or was told so';
  const configure = remedy(
    'plug it in elsewhere, or configure it',
    `echo 1 | sudo tee ${at}/bConfigurationValue`,
  );
  return problem('not-configured', words, configure, found);
}

function unbind(driver: string, name: string): Finding['remedy'] & object {
  return remedy(
    `take it away from ${driver}`,
    `echo -n '${name}' | sudo tee /sys/bus/usb/drivers/${driver}/unbind`,
  );
}

function accessFinding(system: System, { found, node }: SysfsDevice): Finding | undefined {
  const failure = system.openFailure(node);
  const inside = containerOf(system);
  switch (failure) {
    case undefined:
      return undefined;
    case 'ENOENT':
    case 'ENXIO':
    case 'ENODEV': {
      const words = `there is no ${node}`;
      const give = remedy(
        'give the container the folder, and start it again',
        'docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule "c 189:* rmw" …',
      );
      const make = remedy(
        'udev makes it, or devtmpfs: see whether /dev is mounted',
        'mount | grep /dev',
      );
      return problem('no-device-node', words, inside === undefined ? make : give, found);
    }
    case 'EROFS': {
      const give = remedy('mount it so that it can be written to');
      return problem('read-only', `${node} is on a file system that is read-only`, give, found);
    }
    case 'EPERM': {
      const words = `opening ${node}: not permitted, whatever its mode: a container's rules for devices`;
      const give = remedy(
        'allow USB devices, which are the character devices 189, to the container',
        'docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule "c 189:* rmw" …',
      );
      return problem('container-forbids', words, give, found);
    }
    default:
      return noPermission(system, { found, node, failure });
  }
}

function noPermission(
  system: System,
  { found, node, failure }: Pick<SysfsDevice, 'found' | 'node'> & { readonly failure: string },
): Finding {
  const owner = system.owner(node);
  const has =
    owner === undefined
      ? ''
      : `: it belongs to ${owner.owner}:${owner.group} with mode ${owner.mode.toString(8).padStart(4, '0')}`;
  const { user } = system;
  const who = `${user.name} may not open ${node} (${failure})`;
  return problem('no-permission', `${who}${has}`, udevRemedy(system, found), found);
}

function driverFinding(
  system: System,
  { found, node, interfaces }: SysfsDevice,
): Finding | undefined {
  const taken = interfaces.find(({ driver }) => driver !== undefined);
  if (taken?.driver === undefined) return undefined;
  if (taken.driver !== 'usbfs') {
    const words = `the kernel's driver ${taken.driver} has its DFU interface ${taken.name}`;
    return problem('kernel-driver', words, unbind(taken.driver, taken.name), found);
  }
  const holders = system.holders(node);
  const who = holders.map(({ name, pid }) => `${name} (process ${pid})`).join(', ');
  const words = `another program has claimed its interface ${taken.name}${who === '' ? '' : `: ${who}`}`;
  const find = remedy(
    'end that program; a virtual machine, fwupd or a tool that hangs may be it',
    ...(who === '' ? [`sudo fuser -v ${node}`] : []),
  );
  return problem('claimed', words, find, found);
}
