import { type DynamicModule, Module, type Type } from '@nestjs/common';

import { SubTenantController } from './sub-tenant.controller.js';
import { SubTenantService } from './sub-tenant.service.js';
import { SubTenantStore } from './sub-tenant.store.js';
import { TenantContextService } from './tenant-context.service.js';
import { TenantContextStore } from './tenant-context.store.js';
import { TenantResolver } from './tenant-resolver.js';
import { TenantController } from './tenant.controller.js';
import { TenantService } from './tenant.service.js';
import { TenantStore } from './tenant.store.js';

/** Tenants, sub-tenants and how a request finds its own. The resolver is chosen by whoever composes the gateway. */
@Module({})
export class TenantModule {
  static forRoot(options: { resolver: TenantResolver | Type<TenantResolver> }): DynamicModule {
    const { resolver } = options;
    const chosen =
      typeof resolver === 'function'
        ? { provide: TenantResolver, useClass: resolver }
        : { provide: TenantResolver, useValue: resolver };
    return {
      module: TenantModule,
      global: true,
      controllers: [TenantController, SubTenantController],
      providers: [
        chosen,
        TenantStore,
        SubTenantStore,
        TenantContextStore,
        TenantService,
        SubTenantService,
        TenantContextService,
      ],
      exports: [TenantService, TenantContextService],
    };
  }
}
