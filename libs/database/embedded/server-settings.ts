import type { OsUser } from './run.js';

/** What a server is started with, beside the settings that never vary. */
export interface LaunchSettings {
  readonly data: string;
  readonly user: OsUser | null;
  readonly port: number;
  /** See clusterMark. */
  readonly mark: string;
  /** Identity of this gateway: tells the next one whether the server still has a master. */
  readonly startedBy: string;
}

/**
 * Small, because it shares a laptop with everything else, but no safer setting is traded for speed: fsync,
 * full_page_writes and synchronous_commit stay on, whatever a postgresql.conf in the cluster says.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  // Loopback TCP alone: a socket in a shared folder would be one more thing to guard.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  max_connections: '60',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  // Every statement here is short: compiling one costs more than running it.
  jit: 'off',
  // A new table is read by guesses until it is looked at for the first time.
  autovacuum_naptime: '10s',
  // Reads are small and mostly cached; saves the I/O worker processes.
  io_method: 'sync',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Our reader of the log tells the lines of one launch by the process id.
  log_line_prefix: '%m [%p] ',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_checkpoints: 'off',
  // DETAIL lines quote rows ("Key (name)=(…) already exists"), statements may quote values.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

/** The arguments of `postgres`. */
export function serverArguments(launch: LaunchSettings): string[] {
  const settings = {
    ...SETTINGS,
    port: String(launch.port),
    'gatehold.cluster': launch.mark,
    'gatehold.started_by': launch.startedBy,
  };
  const pairs = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', dataFolderArgument(launch.data, launch.user), ...pairs];
}

/**
 * The name of the cluster's folder for a program that runs in it. As another user that is Linux's magic link to the
 * working folder, which resolves without traversing the folders above it: those may be closed to that user
 * (a data folder under a home folder of mode 0700, say).
 */
export function dataFolderArgument(data: string, user: OsUser | null): string {
  return user ? '/proc/self/cwd' : data;
}
