import { describe, expect, it } from '@jest/globals';
import { ObjectStorage, type StorageBinding, StorageDriver, StorageRegistry } from '#storage';
import { codeOf } from '#storage/testing';

/** Opens places that can only be released, and counts. */
class CountingDriver extends StorageDriver {
  opened: string[] = [];
  released: string[] = [];
  failures = 0;

  constructor(readonly name = 'counting') {
    super();
  }

  async open({ id }: StorageBinding): Promise<ObjectStorage> {
    this.opened.push(id);
    await new Promise(setImmediate);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('not today');
    }
    const release = (): unknown => this.released.push(id);
    return Object.create(ObjectStorage.prototype, { release: { value: release } }) as ObjectStorage;
  }
}

function binding(id: string, driver = 'counting'): StorageBinding {
  return { id, driver, settings: {} };
}

describe('the storage registry', () => {
  it('opens a binding once, for callers that come together and for those that come later', async () => {
    const driver = new CountingDriver();
    const registry = new StorageRegistry([driver]);
    const together = await Promise.all([registry.get(binding('a')), registry.get(binding('a'))]);
    expect(new Set([...together, await registry.get(binding('a'))]).size).toBe(1);
    await registry.get(binding('b'));
    expect(driver.opened).toEqual(['a', 'b']);
  });

  it('fails all who wait for a failed opening, and tries again for the next', async () => {
    const driver = new CountingDriver();
    driver.failures = 1;
    const registry = new StorageRegistry([driver]);
    const together = await Promise.allSettled([registry.get(binding('a')), registry.get(binding('a'))]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await registry.get(binding('a'));
    expect(driver.opened).toEqual(['a', 'a']);
  });

  it('keeps a bounded number open, and releases the least recently used', async () => {
    const driver = new CountingDriver();
    const registry = new StorageRegistry([driver], { maxOpen: 2 });
    for (const id of ['a', 'b', 'a', 'c']) await registry.get(binding(id));
    await new Promise(setImmediate);
    expect(driver.released).toEqual(['b']);
    await registry.get(binding('a'));
    expect(driver.opened).toEqual(['a', 'b', 'c']);
  });

  it('knows what is open, and nothing of what is on its way there', async () => {
    const driver = new CountingDriver();
    driver.failures = 1;
    const registry = new StorageRegistry([driver]);
    await expect(registry.get(binding('a'))).rejects.toThrow('not today');
    expect(registry.find(binding('a'))).toBeNull();
    const opening = registry.get(binding('a'));
    expect(registry.find(binding('a'))).toBeNull();
    const opened = await opening;
    expect(registry.find(binding('a'))).toBe(opened);
  });

  it('ST-14 keeps one breaker for each binding, open or not, and says how many keep callers away', async () => {
    const registry = new StorageRegistry([new CountingDriver(), new CountingDriver('tape')], { maxOpen: 2 });
    const breaker = registry.breakerOf(binding('a'));
    for (let round = 0; round < 5; round += 1) breaker.enter().end('fault');
    await registry.get(binding('a'));
    expect([registry.breakerOf(binding('a')) === breaker, registry.breakerOf(binding('b')).isOpen]).toEqual([
      true,
      false,
    ]);
    expect(Object.fromEntries(registry.leftAlone())).toEqual({ counting: 1, tape: 0 });
    // Bounded: bindings that nobody has used for long are forgotten.
    for (let other = 0; other < 8; other += 1) registry.breakerOf(binding(`other ${other}`));
    expect(registry.breakerOf(binding('a'))).not.toBe(breaker);
    expect(Object.fromEntries(registry.leftAlone())).toEqual({ counting: 0, tape: 0 });
  });

  it('releases everything at the end, that which is still being opened too', async () => {
    const driver = new CountingDriver();
    const registry = new StorageRegistry([driver]);
    await registry.get(binding('a'));
    void registry.get(binding('b'));
    await registry.release();
    await registry.release();
    expect(driver.released).toEqual(['a', 'b']);
  });

  it('refuses unknown drivers, and two of one name', async () => {
    const registry = new StorageRegistry([new CountingDriver()]);
    expect(await codeOf(registry.get(binding('a', 'tape')))).toBe('storage_unavailable');
    expect(() => new StorageRegistry([new CountingDriver(), new CountingDriver()])).toThrow('counting');
  });
});
