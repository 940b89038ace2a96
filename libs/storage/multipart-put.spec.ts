import { describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { MultipartPut, PART_BYTES, PartBuffers, PartReader, StorageErrors, UploadBody } from '#storage';
import { codeOf } from '#storage/testing';

/** Chunks of half a part, each filled with its number; counts how many were taken. */
function halves(
  count: number,
  held?: Promise<void>,
): { source: AsyncGenerator<Buffer>; taken: () => number } {
  let taken = 0;
  async function* source(): AsyncGenerator<Buffer> {
    for (; taken < count;) {
      // From the third on only when that is allowed.
      if (taken === 3) await held;
      taken += 1;
      yield Buffer.alloc(PART_BYTES / 2, taken);
    }
  }
  return { source: source(), taken: () => taken };
}

const FAILURE = new CodedError(StorageErrors.unavailable, 'The storage failed.');

/** As an adapter puts a body that is larger than one part. */
async function put(
  body: UploadBody,
  buffers: PartBuffers,
  send: (partNumber: number, bytes: Buffer, signal: AbortSignal) => Promise<void>,
): Promise<number[]> {
  const reader = new PartReader(body);
  const first = buffers.own();
  const filled = await reader.fill(first);
  const sendPart = async (partNumber: number, bytes: Buffer, signal: AbortSignal) => {
    await send(partNumber, bytes, signal);
    return { partNumber, sizeBytes: bytes.length, entityTag: String(partNumber) };
  };
  const parts = await new MultipartPut(sendPart, buffers).send(reader, first, filled);
  return parts.map(({ sizeBytes }) => sizeBytes);
}

describe('a put in parts', () => {
  it('sends every byte in its place with any number of spare buffers, and has them all back', async () => {
    for (const extra of [0, 1, 2, 9]) {
      const buffers = new PartBuffers(extra);
      const sent = new Map<number, Buffer>();
      const body = new UploadBody(halves(11).source, {});
      const sizes = await put(body, buffers, async (number, bytes) => {
        await new Promise(setImmediate);
        sent.set(number, Buffer.from(bytes));
      });
      expect(sizes).toEqual([...Array<number>(5).fill(PART_BYTES), PART_BYTES / 2]);
      const inOrder = [...sent.entries()].sort(([one], [other]) => one - other).map(([, bytes]) => bytes);
      const wanted = Array.from({ length: 11 }, (_, index) => Buffer.alloc(PART_BYTES / 2, index + 1));
      expect(Buffer.concat(inOrder).equals(Buffer.concat(wanted))).toBe(true);
      const spare = Array.from({ length: extra }, () => buffers.tryExtra());
      expect([spare.includes(null), buffers.tryExtra()]).toEqual([false, null]);
    }
  });

  it('fails as soon as a part does, though its source is silent, and cancels the other parts', async () => {
    const { source, taken } = halves(20, new Promise(() => undefined));
    const body = new UploadBody(source, {});
    const cancelled: number[] = [];
    const putting = put(body, new PartBuffers(4), async (number, _bytes, signal) => {
      signal.addEventListener('abort', () => cancelled.push(number));
      if (number === 1) throw FAILURE;
    });
    expect(await codeOf(putting)).toBe('storage_unavailable');
    expect([taken(), cancelled]).toEqual([3, [1]]);
    body.close();
  });

  it('reads no further after a failure, and writes into no buffer that is somebody else’s by then', async () => {
    let go = (): void => undefined;
    const { source, taken } = halves(20, new Promise((resolve) => (go = resolve)));
    const body = new UploadBody(source, {});
    const buffers = new PartBuffers(4);
    const putting = put(body, buffers, () => Promise.reject(FAILURE));
    expect(await codeOf(putting)).toBe('storage_unavailable');
    body.close();
    const next = Array.from({ length: 5 }, () => buffers.own().fill(0xee));
    go();
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    for (const buffer of next) expect(buffer.every((byte) => byte === 0xee)).toBe(true);
    // The one that had been asked for when the put failed, and none after it.
    expect(taken()).toBe(4);
  });
});
