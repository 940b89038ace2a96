import { describe, expect, it } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';

import { EventEmitter } from 'node:events';

import type { GatewayReply } from './gateway-request.js';
import { joinedText, reuseOnceSent } from './joined-text.js';

describe('joinedText', () => {
  it('is the texts one behind the other, whatever letters they have', () => {
    const isSame = property(array(string({ unit: 'binary', maxLength: 40 }), { maxLength: 4 }), (texts) => {
      expect(joinedText(...texts)).toEqual(Buffer.concat(texts.map((text) => Buffer.from(text))));
    });
    assert(isSame);
  });

  it('takes the memory of one that has been sent, and of no other', () => {
    const text = 'x'.repeat(50_000);
    const raw = new EventEmitter();
    const [first, second] = [joinedText(text), joinedText(text)];
    reuseOnceSent({ raw } as unknown as GatewayReply, first);
    expect(second.buffer).not.toBe(first.buffer);
    raw.emit('finish');
    expect(joinedText(text).buffer).toBe(first.buffer);
    expect(joinedText(text).buffer).not.toBe(first.buffer);
    expect(second.toString()).toBe(text);
  });

  it('is as long as it has to be', () => {
    const texts = ['x'.repeat(70_000), 'é'.repeat(70_000)];
    expect(joinedText(...texts).toString()).toBe(texts.join(''));
  });
});
