/**
 * One environment variable: what it is called, what the documentation says about it and how its text becomes a
 * value. An absent and an empty variable both mean `fallback`.
 */
export interface Setting<T> {
  readonly name: string;
  readonly description: string;
  /** What the text has to look like, in words for docs/configuration.md. */
  readonly type: string;
  /** The default as the documentation shows it. */
  readonly defaultText: string;
  readonly fallback: T;
  /** True when the value must never be printed. */
  readonly secret: boolean;
  /** Takes untrusted text; throws {@link Unacceptable}, whose message must not repeat the text. */
  readonly parse: (text: string) => T;
}

/** Settings by group and key; the shape of the table is the shape of the parsed configuration. */
export type SettingGroups = Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>>;

/** The values that a table of settings yields. */
export type SettingValues<G extends SettingGroups> = {
  readonly [Group in keyof G]: {
    readonly [Key in keyof G[Group]]: G[Group][Key] extends Setting<infer T> ? T : never;
  };
};

/** Why one text is refused. The message completes the sentence "NAME: ..." and never repeats the text. */
export class Unacceptable extends Error {}

/** One variable and what is wrong with it. */
export interface ConfigFault {
  readonly name: string;
  readonly reason: string;
}

/** Every fault of a configuration at once, by variable name. Holds no value, so it is safe to print. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map((fault) => `  ${fault.name}: ${fault.reason}`);
    super(`The configuration cannot be used:\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Reads every setting of a table, collecting the faults instead of stopping at the first one. */
export function readSettings<G extends SettingGroups>(
  groups: G,
  env: NodeJS.ProcessEnv,
): { values: SettingValues<G>; faults: ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const values = Object.entries(groups).map(([group, settings]) => {
    const read = Object.entries(settings).map(
      ([key, setting]) => [key, readOne(setting, env, faults)] as const,
    );
    return [group, Object.freeze(Object.fromEntries(read))] as const;
  });
  return { values: Object.fromEntries(values) as SettingValues<G>, faults };
}

function readOne<T>(setting: Setting<T>, env: NodeJS.ProcessEnv, faults: ConfigFault[]): T {
  const text = env[setting.name];
  if (text === undefined || text === '') return setting.fallback;
  try {
    return setting.parse(text);
  } catch (error) {
    if (!(error instanceof Unacceptable)) throw error;
    faults.push({ name: setting.name, reason: error.message });
    return setting.fallback;
  }
}
