#!/usr/bin/env node
import 'reflect-metadata';

import { findCommand, usage } from './commands.js';

const [name = 'help', ...rest] = process.argv.slice(2);
const command = findCommand(name);
if (command === null) {
  console.error(`gatehold: there is no command "${name}".\n\n${usage()}`);
  process.exitCode = 2;
} else if (rest.length > 0) {
  console.error(`gatehold: "${name}" takes no arguments; settings come from the environment.`);
  process.exitCode = 2;
} else {
  process.exitCode = await command.run();
}
