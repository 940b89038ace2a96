import type { Secret } from '#kernel';

import type { Setting } from './setting.js';
import type { ValueType } from './values.js';

/** A setting that always has a value; `defaultText` is its default as one would write it. */
export function setting<T>(
  name: string,
  type: ValueType<T>,
  defaultText: string,
  description: string,
): Setting<T> {
  return { name, description, ...type, defaultText, fallback: type.parse(defaultText), secret: false };
}

/** A setting whose absence means something of its own, which `absent` puts into words. */
export function optional<T>(
  name: string,
  type: ValueType<T>,
  absent: string,
  description: string,
): Setting<T | null> {
  return { name, description, ...type, defaultText: absent, fallback: null, secret: false };
}

/** As {@link optional}, for a value that is never printed. */
export function secret<T>(
  name: string,
  type: ValueType<Secret<T>>,
  absent: string,
  description: string,
): Setting<Secret<T> | null> {
  return { ...optional(name, type, absent, description), secret: true };
}
