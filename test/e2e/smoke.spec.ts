import { describe, expect, it } from '@jest/globals';

import { makeTenant } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

describe('the main job', () => {
  it('gives a tenant back what it uploaded', async () => {
    const { editor } = await makeTenant(sharedGateway().root);
    const made = await editor.upload('Hello.', 'hello.txt', 'text/plain', { source_id: 'greeting' });
    expect(made.status).toBe(201);
    expect((await editor.get('/v1/sources/greeting/content')).text).toBe('Hello.');
  });
});
