import { PlatformDatabase } from '#database';
import { BoundStorages } from '#binding';
import { Injectable } from '@nestjs/common';

const FRESH_MS = 1_000;

/** Whether the gateway can serve. However often it is asked, what it depends on is asked once a second at most. */
@Injectable()
export class Readiness {
  private draining = false;
  private checkedAt = 0;
  private last: Promise<boolean> = Promise.resolve(false);

  constructor(
    private readonly database: PlatformDatabase,
    private readonly storages: BoundStorages,
  ) {}

  /** From now on the answer is no: a shutdown has begun. */
  drain(): void {
    this.draining = true;
  }

  isReady(): Promise<boolean> {
    if (this.draining) return Promise.resolve(false);
    if (Date.now() - this.checkedAt >= FRESH_MS) {
      this.checkedAt = Date.now();
      this.last = this.check();
    }
    return this.last;
  }

  private async check(): Promise<boolean> {
    try {
      await Promise.all([this.database.ping(), this.storages.openDefault()]);
      return true;
    } catch {
      return false;
    }
  }
}
