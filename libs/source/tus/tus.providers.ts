import type { Provider } from '@nestjs/common';

import { TusCompletion } from './tus-completion.service.js';
import { TusCreationStore } from './tus-creation.store.js';
import { TusCreator } from './tus-creator.service.js';
import { TusLockStore } from './tus-lock.store.js';
import { TusLife, TusLocks } from './tus-locks.service.js';
import { TusProgressStore } from './tus-progress.store.js';
import { TusProtocol } from './tus.protocol.js';
import { TusReceiver } from './tus-receiver.service.js';
import { TusService } from './tus.service.js';
import { TusStore } from './tus.store.js';
import { TusWork } from './tus-work.js';

/** What resumable uploads are made of. `lifeSeconds`: how long one that nobody sends to is kept. */
export function tusProviders(lifeSeconds: number): Provider[] {
  return [
    { provide: TusLife, useValue: new TusLife(lifeSeconds) },
    TusStore,
    TusCreationStore,
    TusLockStore,
    TusProgressStore,
    TusWork,
    TusLocks,
    TusCreator,
    TusCompletion,
    TusReceiver,
    TusService,
    TusProtocol,
  ];
}
