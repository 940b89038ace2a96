/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';

/** The command line cannot be followed; the message says what is wrong with it. */
export class OptionsError extends Error {}

const OPTIONS = {
  only: { type: 'string' },
  json: { type: 'string' },
  compare: { type: 'string' },
  profile: { type: 'string' },
  page: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  record: { type: 'boolean', default: false },
};

/** What a command line asks for; throws `OptionsError`. */
export function readOptions(args) {
  const options = parsed(args);
  const { quick, record, page, profile } = options;
  if (record && !quick) throw new OptionsError('--record goes with --quick: it records the ratios of that.');
  if (quick && page) throw new OptionsError('--page needs full measurements, which --quick does not make.');
  const beside = Object.keys(options).filter((name) => options[name] && !['profile', 'page'].includes(name));
  if (profile !== undefined && beside.length > 0)
    throw new OptionsError(`--profile goes with --page alone, and not with --${beside[0]}.`);
  return options;
}

function parsed(args) {
  try {
    return { ...parseArgs({ args, options: OPTIONS }).values };
  } catch (error) {
    throw new OptionsError(error.message);
  }
}

/** The rows that are asked for, in the order of `rows`: those named, those of `--quick`, or all. */
export function chosenRows(rows, { only, quick }) {
  const possible = quick ? rows.filter((row) => row.quick === true) : rows;
  return only === undefined ? possible : named(possible, only);
}

/** The rows of a list of names with commas in between. */
export function named(rows, names) {
  const wanted = names.split(',');
  const known = rows.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new OptionsError(`There is no row ${unknown.join(', ')}. Rows: ${known.join(', ')}.`);
  return rows.filter(({ name }) => wanted.includes(name));
}
