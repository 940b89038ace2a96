import { SealBrokenError, type Sealer } from '#kernel';

import type { KeyRotationStore, SealedValue } from './key-rotation.store.js';

/** The master key cannot be changed; the message says why. */
export class KeyRotationError extends Error {}

/**
 * Seals everything anew that the previous master key has sealed, and then has the database know the new one. May be
 * interrupted at any point and started again: what is sealed anew already is left alone, and until the end the database
 * knows the previous key, so that no gateway with the new one alone starts on what it cannot open. Answers how many
 * values there were; null when the database was not sealed with the previous key, and nothing was done.
 */
export async function rotateMasterKey(
  store: KeyRotationStore,
  previous: Sealer,
  next: Sealer,
): Promise<number | null> {
  if ((await store.findFingerprint()) !== previous.fingerprint) return null;
  let count = 0;
  const reseal = async (tenantId: string | null, value: SealedValue): Promise<void> => {
    count += 1;
    if (opened(next, value) !== null) return;
    const plain = opened(previous, value);
    if (plain === null) throw new KeyRotationError('A value opens with neither of the two master keys.');
    if (!(await store.replace(tenantId, value, next.seal(plain, value.place))))
      throw new KeyRotationError('The master key was not changed: stop every other gateway and start again.');
  };
  for await (const tenantId of store.tenantIds()) {
    for (const value of await store.listOfTenant(tenantId)) await reseal(tenantId, value);
    for await (const value of store.answers(tenantId)) await reseal(tenantId, value);
  }
  for (const value of await store.listOfPlatform()) await reseal(null, value);
  for await (const value of store.answers(null)) await reseal(null, value);
  await store.setFingerprint(next.fingerprint);
  return count;
}

function opened(sealer: Sealer, { sealed, place }: SealedValue): Buffer | null {
  try {
    return sealer.open(sealed, place);
  } catch (error) {
    if (error instanceof SealBrokenError) return null;
    throw error;
  }
}
