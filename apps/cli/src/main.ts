#!/usr/bin/env node
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { findCommand, usage, type Command } from './commands.js';
import { UsageError } from './reconcile.options.js';

const WRONG_USAGE = 2;

const [name = 'help', ...rest] = process.argv.slice(2);
const command = findCommand(name);
if (command === null) {
  console.error(`gatehold: there is no command "${name}".\n\n${usage()}`);
  process.exitCode = WRONG_USAGE;
} else if (command.options === undefined && rest.length > 0) {
  console.error(`gatehold: "${name}" takes no arguments; settings come from the environment.`);
  process.exitCode = WRONG_USAGE;
} else if (command.verb !== undefined && rest[0] !== command.verb) {
  console.error(`gatehold: it is "${name} ${command.verb}".\n\n${usage()}`);
  process.exitCode = WRONG_USAGE;
} else {
  process.exitCode = await run(command, command.verb === undefined ? rest : rest.slice(1));
}

async function run(
  { options = {}, ...given }: Command,
  args: readonly string[],
): Promise<number | undefined> {
  try {
    return await given.run(parseArgs({ args: [...args], options, strict: true }).values);
  } catch (error) {
    const isUsage =
      error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    if (!isUsage && !(error instanceof UsageError)) throw error;
    console.error(`gatehold: ${error.message}\n\n${usage()}`);
    return WRONG_USAGE;
  }
}
