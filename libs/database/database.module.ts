import { type DynamicModule, Module } from '@nestjs/common';

import type { Database } from './database.js';
import { PlatformDatabase } from './platform-database.js';
import { SharedTransaction } from './shared-transaction.js';
import { TenantDatabase } from './tenant-database.js';

/** Offers the two ways to the database to every feature, and one transaction for both; it is opened and closed by whoever starts the gateway. */
@Module({})
export class DatabaseModule {
  static forRoot({ dataSource }: Pick<Database, 'dataSource'>): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        { provide: TenantDatabase, useFactory: () => new TenantDatabase(dataSource) },
        { provide: PlatformDatabase, useFactory: () => new PlatformDatabase(dataSource) },
        { provide: SharedTransaction, useFactory: () => new SharedTransaction(dataSource) },
      ],
      exports: [TenantDatabase, PlatformDatabase, SharedTransaction],
    };
  }
}
