import { type DynamicModule, Module } from '@nestjs/common';

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
  static forRoot({ resolver }: { readonly resolver: TenantResolver }): DynamicModule {
    return {
      module: TenantModule,
      global: true,
      controllers: [TenantController, SubTenantController],
      providers: [
        { provide: TenantResolver, useValue: resolver },
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
