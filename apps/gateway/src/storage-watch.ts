import type { DriverWatch } from '#storage';
import { Logger } from '@nestjs/common';

/** Tells the operator what drivers notice. */
export class StorageWatch implements DriverWatch {
  private readonly logger = new Logger('Storage');

  clockSkewed(bindingId: string, seconds: number): void {
    this.logger.warn(
      { binding: bindingId, seconds },
      "a storage's clock is not the gateway's: URLs of the storage are signed for its time, and from 15 minutes on it refuses",
    );
  }
}
